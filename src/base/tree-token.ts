/**
 * Stands in content for the absolute directory of the tree itself (`{{ steward.tree }}` of a template); replaced when the
 * tree is written. The hash is taken over content that still has it, since a directory named by the hash cannot be part of
 * what is hashed.
 */
export const treeToken = '/__the_directory_of_this_nginx_steward_revision__';
