#!/bin/sh
# Makes the certificates of the tests of ../certificate.rs, valid for a hundred years from 2020 on. The keys are thrown away.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
printf '[ca]\ndefault_ca=a\n[a]\ndatabase=%s/index\nnew_certs_dir=%s\nserial=%s/serial\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' \
	"$keys" "$keys" "$keys" > "$keys/ca.cnf"
make() { # name, issuer ("" signs itself), basic constraints, extended key usage
	openssl ecparam -name prime256v1 -genkey -noout -out "$keys/$1.key"
	printf 'basicConstraints=critical,%s\nextendedKeyUsage=%s\nsubjectKeyIdentifier=hash\n' "$3" "$4" > "$keys/$1.ext"
	openssl req -new -key "$keys/$1.key" -subj "/CN=seaworthy test $1" -out "$keys/$1.csr"
	issuer=${2:-$1}
	test -n "$2" || openssl req -x509 -key "$keys/$1.key" -subj "/CN=seaworthy test $1" -out "$1.pem"
	: > "$keys/index"
	openssl ca -batch -config "$keys/ca.cnf" -cert "$issuer.pem" -keyfile "$keys/$issuer.key" -in "$keys/$1.csr" \
		-startdate 20200101000000Z -enddate 21200101000000Z -extfile "$keys/$1.ext" -notext -rand_serial -create_serial \
		-out "$keys/$1.pem"
	mv "$keys/$1.pem" "$1.pem"
}
make root '' CA:TRUE codeSigning
make stranger '' CA:TRUE codeSigning
make intermediate root CA:TRUE codeSigning
make leaf intermediate CA:FALSE codeSigning
make for-servers intermediate CA:FALSE serverAuth
