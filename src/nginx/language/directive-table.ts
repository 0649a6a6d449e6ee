/**
 * Every directive of nginx's own modules and of the Lua, njs and GeoIP2 modules: where it may stand, how many arguments it
 * takes, and whether nginx refuses it when repeated. Read from the `ngx_command_t` tables of Debian's nginx 1.22 and 1.30
 * and their modules; where the two differ, what either allows.
 *
 * A row: contexts; arguments (a number, a range, a list, `1+`, `flag` for on or off, `any`); `block`, or for a simple
 * directive `once` (a second one in the same block is "duplicate") or `more`; names.
 */
export const directiveTable: readonly (readonly [
  contexts: string,
  args: string,
  kind: 'block' | 'once' | 'more',
  names: string,
])[] = [
  [
    'main',
    '1',
    'once',
    `debug_points lock_file pid timer_resolution worker_rlimit_core worker_rlimit_nofile
     worker_shutdown_timeout working_directory`,
  ],
  ['main', '1', 'more', 'env load_module ssl_engine worker_priority worker_processes'],
  ['main', '1+', 'more', 'worker_cpu_affinity'],
  ['main', '1,3', 'more', 'js_load_http_native_module js_load_stream_native_module'],
  ['main', '1-2', 'more', 'user'],
  ['main', '2-3', 'more', 'thread_pool'],
  ['main', 'flag', 'once', 'daemon master_process pcre_jit quic_bpf ssl_object_cache_inheritable'],
  ['main', '0', 'block', 'events http mail stream'],
  ['main, http, server, location, stream, stream server, mail, mail server', '1+', 'more', 'error_log'],
  ['events', '1', 'more', 'debug_connection use worker_connections'],
  ['events', '1', 'once', 'accept_mutex_delay epoll_events worker_aio_requests'],
  ['events', 'flag', 'once', 'accept_mutex multi_accept'],
  [
    'http',
    '1',
    'once',
    `http2_recv_buffer_size lua_max_pending_timers lua_max_running_timers lua_thread_cache_max_entries
     lua_worker_thread_vm_pool_size`,
  ],
  [
    'http',
    '1',
    'more',
    `exit_worker_by_lua_file geoip2_proxy geoip_proxy init_by_lua init_by_lua_file init_worker_by_lua
     init_worker_by_lua_file lua_capture_error_log lua_malloc_trim lua_package_cpath lua_package_path
     lua_regex_cache_max_entries lua_regex_match_limit perl_modules perl_require
     ssl_session_fetch_by_lua_file ssl_session_store_by_lua_file`,
  ],
  ['http', '2', 'more', 'lua_shared_dict perl_set'],
  ['http', '2+', 'more', 'fastcgi_cache_path proxy_cache_path scgi_cache_path uwsgi_cache_path'],
  ['http', '3', 'more', 'limit_req_zone'],
  ['http', 'flag', 'more', 'lua_load_resty_core'],
  [
    'http',
    'flag',
    'once',
    `access_by_lua_no_postpone geoip2_proxy_recursive geoip_proxy_recursive lua_sa_restart
     rewrite_by_lua_no_postpone`,
  ],
  [
    'http',
    '0',
    'block',
    `exit_worker_by_lua_block init_by_lua_block init_worker_by_lua_block ssl_session_fetch_by_lua_block
     ssl_session_store_by_lua_block`,
  ],
  ['http', '1', 'block', 'geoip2'],
  ['http', '2', 'block', 'charset_map'],
  [
    'http, server',
    '1',
    'more',
    `http2_idle_timeout http2_max_concurrent_pushes http2_max_field_size http2_max_header_size
     http2_max_requests http2_recv_timeout quic_host_key server_rewrite_by_lua_file
     ssl_certificate_by_lua_file ssl_client_hello_by_lua_file`,
  ],
  [
    'http, server',
    '1',
    'once',
    `client_header_buffer_size client_header_timeout connection_pool_size http2_body_preread_size
     http2_max_concurrent_streams http2_pool_size http2_streams_index_size http3_max_concurrent_streams
     http3_stream_buffer_size max_headers quic_active_connection_id_limit request_pool_size
     ssl_buffer_size`,
  ],
  ['http, server', '2', 'once', 'large_client_header_buffers'],
  [
    'http, server',
    'flag',
    'once',
    `http2 http3 http3_hq ignore_invalid_headers merge_slashes quic_gso quic_retry ssl_early_data
     underscores_in_headers`,
  ],
  [
    'http, server',
    '0',
    'block',
    `server_rewrite_by_lua_block ssl_certificate_by_lua_block ssl_client_hello_by_lua_block`,
  ],
  [
    'http, server, location',
    '1',
    'once',
    `add_after_body add_before_body auth_delay autoindex_format client_body_buffer_size
     client_body_in_file_only client_body_timeout client_max_body_size default_type directio_alignment
     fastcgi_buffer_size fastcgi_busy_buffers_size fastcgi_cache_lock_age fastcgi_cache_lock_timeout
     fastcgi_cache_max_range_offset fastcgi_cache_min_uses fastcgi_connect_timeout fastcgi_index
     fastcgi_max_temp_file_size fastcgi_next_upstream_timeout fastcgi_next_upstream_tries
     fastcgi_read_timeout fastcgi_send_lowat fastcgi_send_timeout fastcgi_temp_file_write_size
     grpc_buffer_size grpc_connect_timeout grpc_next_upstream_timeout grpc_next_upstream_tries
     grpc_read_timeout grpc_send_timeout grpc_ssl_ciphers grpc_ssl_crl grpc_ssl_trusted_certificate
     grpc_ssl_verify_depth gzip_comp_level gzip_hash gzip_http_version gzip_min_length gzip_static
     gzip_window http2_chunk_size if_modified_since image_filter_buffer keepalive_min_timeout
     limit_conn_status limit_req_log_level limit_req_status lingering_close lingering_time
     lingering_timeout lua_ssl_ciphers lua_ssl_crl lua_ssl_key_log lua_ssl_trusted_certificate
     lua_ssl_verify_depth max_ranges memcached_buffer_size memcached_connect_timeout
     memcached_gzip_flag memcached_next_upstream_timeout memcached_next_upstream_tries
     memcached_read_timeout memcached_send_timeout min_delete_depth mp4_buffer_size mp4_max_buffer_size
     open_file_cache_min_uses open_file_cache_valid postpone_gzipping postpone_output
     proxy_busy_buffers_size proxy_cache_lock_age proxy_cache_lock_timeout proxy_cache_max_range_offset
     proxy_cache_min_uses proxy_headers_hash_bucket_size proxy_headers_hash_max_size proxy_http_version
     proxy_max_temp_file_size proxy_read_timeout proxy_send_lowat proxy_send_timeout proxy_set_body
     proxy_temp_file_write_size read_ahead satisfy scgi_buffer_size scgi_busy_buffers_size
     scgi_cache_lock_age scgi_cache_lock_timeout scgi_cache_max_range_offset scgi_cache_min_uses
     scgi_connect_timeout scgi_max_temp_file_size scgi_next_upstream_timeout scgi_next_upstream_tries
     scgi_read_timeout scgi_send_timeout scgi_temp_file_write_size secure_link_secret send_lowat
     send_timeout sendfile_max_chunk server_tokens slice ssi_min_file_chunk ssi_value_length
     subrequest_output_buffer_size types_hash_bucket_size types_hash_max_size userid userid_domain
     userid_name userid_p3p userid_path userid_service uwsgi_buffer_size uwsgi_busy_buffers_size
     uwsgi_cache_background_update uwsgi_cache_lock_age uwsgi_cache_lock_timeout
     uwsgi_cache_max_range_offset uwsgi_cache_min_uses uwsgi_connect_timeout uwsgi_max_temp_file_size
     uwsgi_modifier1 uwsgi_modifier2 uwsgi_next_upstream_timeout uwsgi_next_upstream_tries
     uwsgi_read_timeout uwsgi_send_timeout uwsgi_ssl_ciphers uwsgi_ssl_crl
     uwsgi_ssl_trusted_certificate uwsgi_ssl_verify_depth uwsgi_string uwsgi_temp_file_write_size`,
  ],
  [
    'http, server, location',
    '1',
    'more',
    `aio ancient_browser_value auth_request directio fastcgi_cache fastcgi_cache_key
     fastcgi_catch_stderr fastcgi_hide_header fastcgi_limit_rate fastcgi_pass_header
     fastcgi_split_path_info fastcgi_store grpc_hide_header grpc_pass_header grpc_ssl_certificate
     grpc_ssl_certificate_key grpc_ssl_name grpc_ssl_password_file http2_push image_filter_jpeg_quality
     image_filter_sharpen image_filter_webp_quality js_engine lua_ssl_certificate
     lua_ssl_certificate_key mirror modern_browser_value proxy_cache proxy_cache_key proxy_hide_header
     proxy_limit_rate proxy_method proxy_pass_header proxy_store real_ip_header scgi_cache
     scgi_cache_key scgi_hide_header scgi_limit_rate scgi_pass_header scgi_store secure_link
     secure_link_md5 userid_expires userid_mark uwsgi_cache uwsgi_cache_key uwsgi_hide_header
     uwsgi_limit_rate uwsgi_pass_header uwsgi_ssl_certificate uwsgi_ssl_certificate_key uwsgi_ssl_name
     uwsgi_ssl_password_file uwsgi_store xml_entities`,
  ],
  [
    'http, server, location',
    '1+',
    'more',
    `addition_types ancient_browser charset_types dav_methods early_hints fastcgi_cache_bypass
     fastcgi_cache_methods fastcgi_cache_use_stale fastcgi_cache_valid fastcgi_ignore_headers
     fastcgi_next_upstream fastcgi_no_cache grpc_ignore_headers grpc_next_upstream grpc_ssl_protocols
     gzip_disable gzip_proxied gzip_types index lua_ssl_protocols memcached_next_upstream
     proxy_cache_bypass proxy_cache_methods proxy_cache_use_stale proxy_cache_valid
     proxy_ignore_headers proxy_next_upstream proxy_no_cache scgi_cache_bypass scgi_cache_methods
     scgi_cache_use_stale scgi_cache_valid scgi_ignore_headers scgi_next_upstream scgi_no_cache
     ssi_types sub_filter_types uwsgi_cache_bypass uwsgi_cache_methods uwsgi_cache_use_stale
     uwsgi_cache_valid uwsgi_ignore_headers uwsgi_next_upstream uwsgi_no_cache uwsgi_ssl_protocols
     xslt_types`,
  ],
  [
    'http, server, location',
    '1-2',
    'more',
    `disable_symlinks fastcgi_bind grpc_bind keepalive_disable keepalive_timeout memcached_bind
     modern_browser open_file_cache proxy_cookie_domain proxy_cookie_path proxy_redirect scgi_bind
     uwsgi_bind`,
  ],
  [
    'http, server, location',
    '1-3',
    'more',
    `dav_access fastcgi_store_access grpc_ssl_certificate_cache limit_req proxy_store_access
     scgi_store_access userid_flags uwsgi_ssl_certificate_cache uwsgi_store_access`,
  ],
  [
    'http, server, location',
    '1-4',
    'more',
    `client_body_temp_path fastcgi_temp_path proxy_cookie_flags proxy_temp_path scgi_temp_path
     uwsgi_temp_path`,
  ],
  [
    'http, server, location',
    '2',
    'more',
    `auth_request_set grpc_set_header grpc_ssl_conf_command lua_ssl_conf_command proxy_set_header
     sub_filter uwsgi_ssl_conf_command xslt_param xslt_string_param`,
  ],
  [
    'http, server, location',
    '2',
    'once',
    `fastcgi_buffers gunzip_buffers gzip_buffers output_buffers proxy_buffers scgi_buffers
     uwsgi_buffers`,
  ],
  ['http, server, location', '2-3', 'more', 'fastcgi_param scgi_param uwsgi_param'],
  [
    'http, server, location',
    'flag',
    'once',
    `absolute_redirect aio_write autoindex autoindex_exact_size autoindex_localtime
     chunked_transfer_encoding client_body_in_single_buffer create_full_put_path etag fastcgi_buffering
     fastcgi_cache_background_update fastcgi_cache_lock fastcgi_cache_revalidate fastcgi_force_ranges
     fastcgi_ignore_client_abort fastcgi_intercept_errors fastcgi_keep_conn fastcgi_pass_request_body
     fastcgi_pass_request_headers fastcgi_request_buffering fastcgi_socket_keepalive
     grpc_intercept_errors grpc_socket_keepalive grpc_ssl_server_name grpc_ssl_session_reuse
     grpc_ssl_verify gunzip gzip_no_buffer gzip_vary image_filter_interlace image_filter_transparency
     limit_req_dry_run log_not_found log_subrequest memcached_socket_keepalive mirror_request_body
     mp4_start_key_frame msie_padding msie_refresh open_file_cache_errors open_file_cache_events
     port_in_redirect proxy_buffering proxy_cache_background_update proxy_cache_convert_head
     proxy_cache_lock proxy_cache_revalidate proxy_force_ranges proxy_ignore_client_abort
     proxy_intercept_errors proxy_pass_request_body proxy_pass_request_headers proxy_pass_trailers
     proxy_request_buffering real_ip_recursive recursive_error_pages reset_timedout_connection
     scgi_buffering scgi_cache_background_update scgi_cache_lock scgi_cache_revalidate
     scgi_force_ranges scgi_ignore_client_abort scgi_intercept_errors scgi_pass_request_body
     scgi_pass_request_headers scgi_request_buffering scgi_socket_keepalive server_name_in_redirect
     ssi_ignore_recycled_buffers ssi_last_modified ssi_silent_errors sub_filter_last_modified
     sub_filter_once tcp_nopush uwsgi_buffering uwsgi_cache_lock uwsgi_cache_revalidate
     uwsgi_force_ranges uwsgi_ignore_client_abort uwsgi_intercept_errors uwsgi_pass_request_body
     uwsgi_pass_request_headers uwsgi_request_buffering uwsgi_socket_keepalive uwsgi_ssl_server_name
     uwsgi_ssl_session_reuse uwsgi_ssl_verify xslt_last_modified`,
  ],
  ['http, server, location', 'flag', 'more', 'http2_push_preload'],
  ['http, server, location', '0', 'block', 'types'],
  ['http, server, location, upstream', '1', 'once', 'keepalive_requests keepalive_time'],
  [
    'http, server, location, upstream, stream, stream server, stream upstream, mail, mail server',
    '1',
    'once',
    `resolver_timeout`,
  ],
  [
    'http, server, location, upstream, stream, stream server, stream upstream, mail, mail server',
    '1+',
    'more',
    `resolver`,
  ],
  [
    'http, server, location, if in server, if in location',
    'flag',
    'once',
    `rewrite_log uninitialized_variable_warn`,
  ],
  [
    'http, server, location, if in location',
    '1',
    'more',
    `access_by_lua access_by_lua_file body_filter_by_lua body_filter_by_lua_file charset
     header_filter_by_lua header_filter_by_lua_file limit_rate limit_rate_after log_by_lua
     log_by_lua_file rewrite_by_lua rewrite_by_lua_file root source_charset`,
  ],
  [
    'http, server, location, if in location',
    '1',
    'once',
    `add_header_inherit add_trailer_inherit lua_socket_buffer_size lua_socket_connect_timeout
     lua_socket_keepalive_timeout lua_socket_pool_size lua_socket_read_timeout lua_socket_send_lowat
     lua_socket_send_timeout post_action`,
  ],
  ['http, server, location, if in location', '1-2', 'more', 'expires'],
  ['http, server, location, if in location', '2+', 'more', 'error_page'],
  ['http, server, location, if in location', '2-3', 'more', 'add_header add_trailer'],
  ['http, server, location, if in location', 'flag', 'more', 'lua_code_cache'],
  [
    'http, server, location, if in location',
    'flag',
    'once',
    `gzip lua_check_client_abort lua_http10_buffering lua_need_request_body lua_socket_log_errors
     lua_transform_underscores_in_response_headers lua_use_default_type override_charset sendfile ssi`,
  ],
  [
    'http, server, location, if in location',
    '0',
    'block',
    `access_by_lua_block body_filter_by_lua_block header_filter_by_lua_block log_by_lua_block
     rewrite_by_lua_block`,
  ],
  ['http, server, location, if in location, limit_except, stream, stream server', '1+', 'more', `access_log`],
  ['http, server, location, limit_except', '1', 'more', 'auth_basic auth_basic_user_file'],
  ['http, server, location, limit_except, stream, stream server', '1', 'more', 'allow deny'],
  [
    'http, server, location, stream, stream server',
    '1',
    'once',
    `js_context_reuse js_context_reuse_max_size js_fetch_buffer_size js_fetch_ciphers
     js_fetch_keepalive js_fetch_keepalive_requests js_fetch_keepalive_time js_fetch_keepalive_timeout
     js_fetch_max_response_buffer_size js_fetch_timeout js_fetch_trusted_certificate
     js_fetch_verify_depth limit_conn_log_level proxy_buffer_size proxy_connect_timeout
     proxy_next_upstream_timeout proxy_next_upstream_tries proxy_ssl_ciphers proxy_ssl_crl
     proxy_ssl_trusted_certificate proxy_ssl_verify_depth`,
  ],
  [
    'http, server, location, stream, stream server',
    '1',
    'more',
    `js_fetch_proxy js_path proxy_ssl_certificate proxy_ssl_certificate_key proxy_ssl_name
     proxy_ssl_password_file`,
  ],
  ['http, server, location, stream, stream server', '1+', 'more', `js_fetch_protocols proxy_ssl_protocols`],
  ['http, server, location, stream, stream server', '1,3', 'more', 'js_import js_preload_object'],
  ['http, server, location, stream, stream server', '1-2', 'more', 'js_var proxy_bind'],
  ['http, server, location, stream, stream server', '1-3', 'more', 'proxy_ssl_certificate_cache'],
  ['http, server, location, stream, stream server', '1-4', 'more', 'open_log_file_cache'],
  ['http, server, location, stream, stream server', '2', 'more', 'limit_conn proxy_ssl_conf_command'],
  ['http, server, location, stream, stream server', '2-3', 'more', 'js_set'],
  [
    'http, server, location, stream, stream server',
    'flag',
    'once',
    `js_fetch_verify limit_conn_dry_run proxy_socket_keepalive proxy_ssl_server_name
     proxy_ssl_session_reuse proxy_ssl_verify tcp_nodelay`,
  ],
  ['http, server, location, stream, stream server, mail, mail server', '1', 'more', `set_real_ip_from`],
  ['http, server, stream, stream server', '1', 'more', 'ssl_ech_file ssl_ocsp_cache'],
  [
    'http, server, stream, stream server',
    '1',
    'once',
    `ssl_ocsp ssl_ocsp_responder ssl_stapling_file ssl_stapling_responder`,
  ],
  ['http, server, stream, stream server', '1-3', 'more', 'ssl_certificate_cache'],
  [
    'http, server, stream, stream server',
    'flag',
    'once',
    `ssl_reject_handshake ssl_stapling ssl_stapling_verify`,
  ],
  [
    'http, server, stream, stream server, mail, mail server',
    '1',
    'more',
    `ssl_certificate ssl_certificate_key ssl_password_file ssl_session_ticket_key`,
  ],
  [
    'http, server, stream, stream server, mail, mail server',
    '1',
    'once',
    `ssl_ciphers ssl_client_certificate ssl_crl ssl_dhparam ssl_ecdh_curve ssl_session_timeout
     ssl_trusted_certificate ssl_verify_client ssl_verify_depth`,
  ],
  ['http, server, stream, stream server, mail, mail server', '1+', 'more', 'ssl_protocols'],
  ['http, server, stream, stream server, mail, mail server', '1-2', 'more', 'ssl_session_cache'],
  ['http, server, stream, stream server, mail, mail server', '2', 'more', 'ssl_conf_command'],
  [
    'http, server, stream, stream server, mail, mail server',
    'flag',
    'once',
    `ssl_certificate_compression ssl_prefer_server_ciphers ssl_session_tickets`,
  ],
  ['http, server, mail, mail server', 'flag', 'more', 'ssl'],
  [
    'http, stream',
    '1',
    'once',
    `map_hash_bucket_size map_hash_max_size server_names_hash_bucket_size server_names_hash_max_size
     variables_hash_bucket_size variables_hash_max_size`,
  ],
  ['http, stream', '1+', 'more', 'js_shared_dict_zone'],
  ['http, stream', '1-2', 'more', 'geoip_city geoip_country geoip_org'],
  ['http, stream', '2', 'more', 'limit_conn_zone'],
  ['http, stream', '2+', 'more', 'log_format'],
  ['http, stream', '1', 'block', 'upstream'],
  ['http, stream', '1-2', 'block', 'geo'],
  ['http, stream', '2', 'block', 'map split_clients'],
  ['http, stream, mail', '0', 'block', 'server'],
  ['server, location', '0-1', 'more', 'stub_status'],
  ['server, location', '1', 'once', 'referer_hash_bucket_size referer_hash_max_size'],
  ['server, location', '1+', 'more', 'valid_referers'],
  ['server, location', '2+', 'more', 'try_files'],
  ['server, location', '1+', 'block', 'if'],
  ['server, location', '1-2', 'block', 'location'],
  ['server, location, if in server, if in location', '0', 'more', 'break'],
  ['server, location, if in server, if in location', '1-2', 'more', 'return'],
  ['server, location, if in server, if in location', '2+', 'more', 'set_by_lua set_by_lua_file'],
  ['server, location, if in server, if in location', '2-3', 'more', 'rewrite'],
  ['server, location, if in server, if in location', '1', 'block', 'set_by_lua_block'],
  ['server, location, if in server, if in location, stream server', '2', 'more', 'set'],
  ['server, stream server', '1+', 'more', 'server_name'],
  ['server, stream server, mail server', '1+', 'more', 'listen'],
  ['location', '0', 'more', 'empty_gif flv internal mp4'],
  ['location', '1', 'more', 'alias'],
  ['location', '1+', 'more', 'xslt_stylesheet'],
  ['location', '1-3', 'more', 'image_filter'],
  ['location', 'flag', 'once', 'random_index'],
  ['location', '1+', 'block', 'limit_except'],
  [
    'location, if in location',
    '1',
    'more',
    `content_by_lua content_by_lua_file fastcgi_pass grpc_pass memcached_pass scgi_pass uwsgi_pass`,
  ],
  ['location, if in location', '0', 'block', 'content_by_lua_block'],
  ['location, if in location, limit_except', '1', 'more', 'js_access js_content'],
  ['location, if in location, limit_except', '1', 'once', 'js_header_filter'],
  ['location, if in location, limit_except', '1-2', 'more', 'js_body_filter'],
  ['location, if in location, limit_except, stream server', '1', 'more', 'proxy_pass'],
  ['location, limit_except', '1', 'more', 'perl'],
  ['location, stream server', 'any', 'more', 'js_periodic'],
  ['upstream', '0', 'more', 'ip_hash'],
  ['upstream', '1', 'more', 'balancer_by_lua_file balancer_keepalive'],
  ['upstream', '1', 'once', 'keepalive_timeout'],
  ['upstream', '1-2', 'more', 'keepalive'],
  ['upstream', '2+', 'more', 'sticky'],
  ['upstream', '0', 'block', 'balancer_by_lua_block'],
  ['upstream, stream upstream', '0', 'more', 'least_conn'],
  ['upstream, stream upstream', '0-2', 'more', 'random'],
  ['upstream, stream upstream', '1+', 'more', 'server'],
  ['upstream, stream upstream', '1-2', 'more', 'hash zone'],
  [
    'stream, stream server',
    '1',
    'once',
    `js_access js_filter js_preread preread_buffer_size preread_timeout proxy_downstream_buffer
     proxy_protocol_timeout proxy_requests proxy_responses proxy_upstream_buffer ssl_handshake_timeout`,
  ],
  ['stream, stream server', '1', 'more', 'proxy_download_rate proxy_upload_rate'],
  ['stream, stream server', '1+', 'more', 'js_engine ssl_alpn'],
  ['stream, stream server', 'flag', 'once', 'proxy_half_close proxy_next_upstream proxy_ssl ssl_preread'],
  ['stream, stream server, mail, mail server', '1', 'once', 'proxy_timeout'],
  ['stream, stream server, mail, mail server', 'flag', 'once', 'proxy_protocol'],
  ['stream server', '1', 'more', 'pass return'],
  [
    'mail, mail server',
    '1',
    'once',
    `auth_http_timeout imap_client_buffer max_errors proxy_buffer server_name smtp_client_buffer
     smtp_greeting_delay timeout`,
  ],
  ['mail, mail server', '1', 'more', 'auth_http starttls'],
  [
    'mail, mail server',
    '1+',
    'more',
    `imap_auth imap_capabilities pop3_auth pop3_capabilities smtp_auth smtp_capabilities`,
  ],
  ['mail, mail server', '2', 'more', 'auth_http_header'],
  [
    'mail, mail server',
    'flag',
    'once',
    `auth_http_pass_client_cert proxy proxy_pass_error_message proxy_smtp_auth xclient`,
  ],
  ['mail server', '1', 'more', 'protocol'],
  // Not in those packages, yet part of nginx's own source.
  ['main', '1', 'once', 'google_perftools_profiles'],
  ['server, location', '1', 'more', 'degrade'],
  ['http', '1', 'more', 'degradation'],
];
