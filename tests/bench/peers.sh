#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# peers.sh - the proxies that are compared: one function for each.
#
#   peers.sh versions   "NAME VERSION" of each one installed here
#   peers.sh NAME       becomes that proxy, in the foreground
#
# A peer_NAME writes what it needs into $DIR and execs the proxy with one
# worker: TLS on 127.0.0.1:$PORT, where it can STARTTLS on $STARTTLS_PORT, in
# front of the plaintext server at $BACKEND_PORT (whom nginx's mail proxy asks
# about at $AUTH_PORT), with $CERT, $KEY, and both in $PEM.
#
# The same for all: TLS 1.2 and 1.3, X25519 and P-256, session tickets, no
# client certificates. Nobody logs but imapward, which writes its audit file
# as it would in earnest.

set -eu
PATH=$PATH:/usr/sbin:/sbin

# imapward as others are compared with it: its audit goes to a file, as it would
# in earnest, and only the rule that all clients of the benchmark would break,
# who are one user, has been raised.
peer_imapward()
{
	imapward_start "
    - name: logins-per-user
      limit: 100000/s
      burst: 100000" "
  sink: ${IMAPWARD_SINK:-$DIR/audit.jsonl}"
}

# No rule at all, no audit.
peer_imapward_bare()
{
	rules=
	for rule in connections-per-address connections-per-prefix \
	    logins-per-address logins-per-prefix logins-per-user \
	    failures-per-address failures-per-prefix failures-per-user; do
		rules="$rules
    - name: $rule
      limit: none"
	done
	imapward_start "$rules" "
  sink: none"
}

# All there is: each record is sealed, commands and bytes are counted, verbs are
# looked up.
peer_imapward_full()
{
	"$IMAPWARD" audit init "$DIR/audit.chain" "$DIR/audit.key" >/dev/null
	imapward_start "
    - name: logins-per-user
      limit: 100000/s
      burst: 100000
    - name: commands-per-session
      count: commands
      by: session
      limit: 900000/s
      burst: 900000
      action: delay
    - name: bytes-per-session
      count: bytes
      by: session
      limit: 900MiB/s
      burst: 900MiB
      action: delay
    - name: commands-per-user
      count: commands
      by: user
      limit: 900000/s
      burst: 900000
      action: delay
    - name: bytes-per-user
      count: bytes
      by: user
      limit: 900MiB/s
      burst: 900MiB
      action: delay" "
  sink: $DIR/audit.jsonl
  chain: $DIR/audit.chain
  anchors: $DIR/anchors.jsonl
commands:
  - name: no-acl
    forbid: [SETACL, DELETEACL]"
}

imapward_start()
{
	cat >"$DIR/imapward.yaml" <<EOF
listeners:
  - name: imaps
    address: 127.0.0.1
    port: $PORT
    mode: implicit
  - name: imap
    address: 127.0.0.1
    port: $STARTTLS_PORT
    mode: starttls
certificates:
  - chain: $CERT
    key: $KEY
backends:
  - name: main
    address: 127.0.0.1
    port: $BACKEND_PORT
limits:
  connections: 9900
  connections_per_address: 9900
  sessions_per_user: 9900
  unauthenticated: 5000
  handshakes: 5000
  handshakes_per_address: 5000
  exempt: [127.0.0.0/8]
  rules:$1
state:
  path: ""
admin:
  socket: ""
audit:$2
process:
  user: $(id -un)
  workers: 1
EOF
	exec "$IMAPWARD" run -c "$DIR/imapward.yaml"
}

nginx_start()
{
	module=
	for place in /usr/lib/nginx/modules /usr/lib64/nginx/modules; do
		[ ! -f "$place/ngx_$1_module.so" ] ||
		    module="load_module $place/ngx_$1_module.so;"
	done
	cat >"$DIR/nginx.conf" <<EOF
$module
daemon off;
worker_processes 1;
user root;
worker_rlimit_nofile 20000;
pid $DIR/nginx.pid;
error_log /dev/null crit;
events {
	worker_connections 19900;
}
$1 {
	ssl_certificate $CERT;
	ssl_certificate_key $KEY;
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_ecdh_curve X25519:P-256;
	$2
}
EOF
	exec nginx -p "$DIR" -c "$DIR/nginx.conf"
}

peer_nginx_stream()
{
	nginx_start stream "
	server {
		listen 127.0.0.1:$PORT ssl backlog=4096;
		proxy_pass 127.0.0.1:$BACKEND_PORT;
		proxy_timeout 1h;
	}"
}

peer_nginx_mail()
{
	nginx_start mail "
	server_name imap.bench.test;
	auth_http 127.0.0.1:$AUTH_PORT/auth;
	proxy on;
	timeout 1h;
	proxy_timeout 1h;
	imap_auth plain login;
	imap_capabilities IMAP4rev1 LITERAL+ SASL-IR IDLE ID;
	server {
		listen 127.0.0.1:$PORT ssl backlog=4096;
		protocol imap;
	}
	server {
		listen 127.0.0.1:$STARTTLS_PORT backlog=4096;
		protocol imap;
		starttls only;
	}"
}

peer_haproxy()
{
	cat >"$DIR/haproxy.cfg" <<EOF
global
	nbthread 1
	maxconn 9900
	ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
	mode tcp
	timeout connect 5s
	timeout client 1h
	timeout server 1h
frontend imaps
	bind 127.0.0.1:$PORT backlog 4096 ssl crt $PEM curves X25519:P-256
	default_backend imap
backend imap
	server main 127.0.0.1:$BACKEND_PORT
EOF
	exec haproxy -db -q -f "$DIR/haproxy.cfg"
}

peer_hitch()
{
	cat >"$DIR/hitch.conf" <<EOF
frontend = "[127.0.0.1]:$PORT"
backend = "[127.0.0.1]:$BACKEND_PORT"
pem-file = "$PEM"
tls-protos = TLSv1.2 TLSv1.3
ciphers = "EECDH+AESGCM:EECDH+CHACHA20"
ecdh-curve = "X25519:P-256"
workers = 1
backlog = 4096
daemon = off
quiet = on
syslog = off
user = "nobody"
EOF
	exec hitch --config="$DIR/hitch.conf"
}

peer_stunnel()
{
	cat >"$DIR/stunnel.conf" <<EOF
foreground = yes
pid =
debug = 3
output = /dev/null
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[imaps]
accept = 127.0.0.1:$PORT
connect = 127.0.0.1:$BACKEND_PORT
cert = $PEM
sslVersionMin = TLSv1.2
curves = X25519:P-256
TIMEOUTclose = 0
TIMEOUTidle = 3600
EOF
	exec stunnel "$DIR/stunnel.conf"
}

peer_dovecot()
{
	mkdir -p "$DIR/run" "$DIR/state"
	cat >"$DIR/dovecot.conf" <<EOF
base_dir = $DIR/run
state_dir = $DIR/state
log_path = $DIR/dovecot.log
protocols = imap
ssl = required
ssl_cert = <$CERT
ssl_key = <$KEY
ssl_min_protocol = TLSv1.2
ssl_curve_list = X25519:P-256
ssl_dh =
auth_mechanisms = plain login
mail_max_userip_connections = 0
login_log_format_elements =
login_trusted_networks = 127.0.0.0/8
login_proxy_max_disconnect_delay = 0
default_vsz_limit = 0
passdb {
  driver = static
  args = proxy=y host=127.0.0.1 port=$BACKEND_PORT nopassword=y
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = $STARTTLS_PORT
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = $PORT
    ssl = yes
  }
  service_count = 0
  process_min_avail = 1
  process_limit = 1
  client_limit = 9900
  chroot =
}
service anvil {
  client_limit = 19000
}
service auth {
  client_limit = 19000
}
EOF
	exec dovecot -F -c "$DIR/dovecot.conf"
}

# version NAME PROGRAM WORDS...: if there is such a program, what it says
# about its version, the first thing that looks like one.
version()
{
	name=$1
	shift
	command -v "$1" >/dev/null || return 0
	echo "$name $("$@" 2>&1 | grep -oE '[0-9]+\.[0-9]+[-.0-9a-z]*' | head -n 1)"
}

versions()
{
	version imapward "$IMAPWARD" version
	version nginx_stream nginx -v
	version nginx_mail nginx -v
	version haproxy haproxy -v
	version hitch hitch --version
	version stunnel stunnel -version
	version dovecot dovecot --version
}

case ${1:-} in
versions) versions ;;
?*) "peer_$1" ;;
*)
	echo "usage: peers.sh versions | NAME" >&2
	exit 2
	;;
esac
