#!/bin/bash
# control-plane.sh DIRECTORY: builds etcd, kube-apiserver and kubectl into DIRECTORY from the Go modules whose versions and
# checksums stand in test/control-plane. About five minutes on two cores, once.
set -euo pipefail
target=$1
modules=$(cd "$(dirname "$0")/../test/control-plane" && pwd)
PATH=$PATH:/usr/local/go/bin
temporary=$target.building
rm -rf "$temporary"
mkdir -p "$temporary"
export CGO_ENABLED=0 GOFLAGS=-mod=readonly

build() { # OUT LDFLAGS PACKAGE…
  local out=$1 flags=$2
  shift 2
  go build -trimpath -ldflags "-s -w $flags" -o "$out" "$@"
}

cd "$modules/etcd"
build "$temporary/etcd" '' go.etcd.io/etcd/server/v3

cd "$modules/kubernetes"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
IFS=. read -r major minor _ <<<"${version#v}"
stamp=k8s.io/component-base/version
build "$temporary/" "-X $stamp.gitVersion=$version -X $stamp.gitMajor=$major -X $stamp.gitMinor=$minor" \
  k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl

mv "$temporary" "$target"
