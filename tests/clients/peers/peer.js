// SPDX-License-Identifier: GPL-3.0-or-later
//
// peer.js - Node's TLS as a mail program uses it.
//
//   node peer.js PORT VERSION CA
//
// Trusts the certificates in the file CA, insists on the name localhost, says
// LOGOUT and shows what comes back.

const fs = require('fs');
const tls = require('tls');

const [port, version, ca] = process.argv.slice(2);
const socket = tls.connect({
  host: 'localhost',
  port: Number(port),
  servername: 'localhost',
  minVersion: 'TLSv1.2', // as usual: it is known by its suites of TLS 1.2
  maxVersion: 'TLSv' + version,
  ca: fs.readFileSync(ca),
}, () => socket.write('a LOGOUT\r\n'));
socket.on('error', (e) => {
  console.error(String(e.code || e));
  process.exitCode = 1;
});
socket.pipe(process.stdout);
