#!/bin/sh
# What has to be there before anything starts: certificates, the agents' token, the bucket's credentials, Grafana's password, and volumes that the
# user of the agents may write. Asked again it makes what is missing or ends within 30 days, and leaves the rest alone. docs/certificates.md explains
# the certificates. Needs OpenSSL, which the agents' image has.
#   prepare.sh FOLDER     with a folder for each volume in it
set -eu
umask 077
cd "$1"
mkdir -p authorities m1 m2 m3 prometheus grafana minio data/m1 data/m2 data/m3 spool/m1 spool/m2 spool/m3

cat > authorities/ca.cnf <<'END'
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = set by -subj
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END

# authority NAME COMMON-NAME
authority() {
  if [ -s "authorities/$1.crt" ]; then return; fi
  openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
    -config authorities/ca.cnf -subj "/CN=$2" -keyout "authorities/$1.key" -out "authorities/$1.crt" 2>/dev/null
}

# issue AUTHORITY FILE COMMON-NAME USAGES [NAMES]
issue() {
  if [ -s "$2.crt" ] && openssl x509 -in "$2.crt" -noout -checkend 2592000 >/dev/null; then return; fi
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -config authorities/ca.cnf -subj "/CN=$3" -keyout "$2.key.new" -out "$2.csr" 2>/dev/null
  {
    echo "basicConstraints = critical, CA:FALSE"
    echo "keyUsage = critical, digitalSignature"
    echo "extendedKeyUsage = $4"
    echo "authorityKeyIdentifier = keyid"
    if [ -n "${5:-}" ]; then echo "subjectAltName = $5"; fi
  } > "$2.ext"
  openssl x509 -req -sha256 -days 365 -in "$2.csr" -CA "authorities/$1.crt" -CAkey "authorities/$1.key" -CAcreateserial \
    -extfile "$2.ext" -out "$2.crt.new" 2>/dev/null
  rm "$2.csr" "$2.ext"
  mv "$2.key.new" "$2.key"
  mv "$2.crt.new" "$2.crt"
}

# secret FILE: 32 random bytes in hexadecimal
secret() {
  if [ ! -s "$1" ]; then openssl rand -hex 32 > "$1"; fi
}

authority ca etcd-clients
authority peer-ca etcd-peers
authority agent-ca etcd-caretaker-agents
secret authorities/token
secret minio/s3-key
secret grafana/password
if [ ! -s minio/s3-id ]; then echo etcd-backups > minio/s3-id; fi

for member in m1 m2 m3; do
  issue ca "$member/server" "$member" serverAuth,clientAuth "DNS:$member,DNS:localhost,IP:127.0.0.1"
  issue peer-ca "$member/peer" "$member" serverAuth,clientAuth "DNS:$member"
  issue agent-ca "$member/agent" "$member" serverAuth,clientAuth "DNS:$member,DNS:localhost,IP:127.0.0.1"
  issue ca "$member/client" root clientAuth
  cp authorities/ca.crt authorities/peer-ca.crt authorities/agent-ca.crt authorities/token minio/s3-id minio/s3-key "$member/"
done
cp authorities/agent-ca.crt authorities/token prometheus/

# The users of the images: the agents', Prometheus' (nobody), Grafana's. MinIO runs as root.
if [ "$(id -u)" = 0 ]; then
  chown -R 65532:65532 m1 m2 m3
  chown 65532:65532 data/m1 data/m2 data/m3 spool/m1 spool/m2 spool/m3
  chown -R 65534:65534 prometheus
  chown -R 472:0 grafana
fi
chmod 700 m1 m2 m3 prometheus grafana minio data/m1 data/m2 data/m3 spool/m1 spool/m2 spool/m3
