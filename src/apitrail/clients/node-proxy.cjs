// The AWS SDK for JavaScript v3 ignores HTTPS_PROXY. Loaded with `node --require`, this makes every
// https.Agent tunnel through it (RFC 9110 section 9.3.6), NO_PROXY respected. No dependencies.
'use strict';
const http = require('http');
const https = require('https');
const tls = require('tls');

const proxy = process.env.HTTPS_PROXY ? new URL(process.env.HTTPS_PROXY) : null;
const direct = (process.env.NO_PROXY || '').split(',').map((s) => s.trim().toLowerCase()).filter(Boolean);

function isDirect(host) {
  const name = host.toLowerCase();
  return direct.some((rule) => rule === '*' || name === rule ||
    name.endsWith(rule.startsWith('.') ? rule : '.' + rule));
}

if (proxy) {
  const plain = https.Agent.prototype.createConnection;
  https.Agent.prototype.createConnection = function createConnection(options, callback) {
    const host = options.host || options.hostname || 'localhost';
    if (options.socketPath || isDirect(host)) return plain.call(this, options, callback);
    const authority = `${host.includes(':') ? `[${host}]` : host}:${options.port || 443}`;
    const headers = { Host: authority };
    if (proxy.username) {
      const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
      headers['Proxy-Authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
    }
    const connect = http.request({
      host: proxy.hostname, port: proxy.port || 80, method: 'CONNECT', path: authority, headers, agent: false,
    });
    connect.once('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        callback(new Error(`proxy refused ${authority}: ${response.statusCode}`));
        return;
      }
      const secured = tls.connect({ ...options, socket, servername: options.servername || host });
      secured.once('error', () => {});
      callback(null, secured);
    });
    connect.once('error', callback);
    connect.end();
    return undefined;
  };
}
