#!/bin/bash
# nginx-release.sh RELEASE DIR [PACKAGE…]
# Unpacks the nginx of another Debian release, with the libraries it needs, into DIR: a small root file system to chroot
# into. Nothing is installed on this machine. DIR appears whole or not at all.
set -euo pipefail
release=$1 target=$2
shift 2
work=$(mktemp -d "$(dirname "$target")/.unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root state=$work/apt
mkdir -p "$state"/{sources,lists/partial,cache/archives/partial,packages} "$root"

# This machine's own Debian mirror, asked for another suite.
source_file=$(grep -l '^Suites:.*-updates' /etc/apt/sources.list.d/*.sources | head -n 1)
awk 'BEGIN { RS = ""; ORS = "\n\n" } /Suites: *[a-z]+ [a-z]+-updates/' "$source_file" |
  sed "s/^Suites:.*/Suites: $release/" >"$state/sources/release.sources"
apt_options=(-qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$state/sources" -o "Dir::State::lists=$state/lists"
  -o "Dir::Cache=$state/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root)
apt-get "${apt_options[@]}" update
cd "$state/packages"
# What the machine itself must have to run a Debian at all is left out: nginx needs the libraries alone.
apt-get "${apt_options[@]}" install -s --no-install-recommends nginx "$@" | awk '/^Inst/ { print $2 }' |
  grep -vE '^(perl|debconf|init|base-|dpkg|tar|adduser|passwd|libpam|systemd)' |
  xargs apt-get "${apt_options[@]}" download
for package in *.deb; do dpkg -x "$package" "$root"; done

cd "$root"
mkdir -p dev proc run tmp var/log/nginx var/lib/nginx etc
for name in bin sbin lib lib64; do
  mkdir -p "usr/$name"
  [ -e "$name" ] || ln -s "usr/$name" "$name"
done
loader=$(find usr/lib -name 'ld-linux-*.so*' | head -n 1)
[ -e "lib64/$(basename "$loader")" ] || ln -s "/$loader" "lib64/$(basename "$loader")"
printf '%s\n' root:x:0:0::/:/bin/sh www-data:x:33:33::/:/bin/false nginx:x:101:101::/:/bin/false nobody:x:65534:65534::/:/bin/false >etc/passwd
printf '%s\n' root:x:0: www-data:x:33: nginx:x:101: nogroup:x:65534: >etc/group
# The tests start nginx as other users and without capabilities: setpriv must be there after the chroot.
cp /usr/bin/setpriv usr/bin/
cp -L "$(ldd /usr/bin/setpriv | awk '/libcap-ng/ { print $3 }')" usr/lib/
chroot "$root" /usr/sbin/nginx -v
mv "$root" "$target"
