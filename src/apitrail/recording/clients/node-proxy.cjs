// The AWS SDK for JavaScript v3 ignores HTTPS_PROXY. Loaded with `node --require`, this makes every
// https.Agent and every http2.connect (Kinesis, Bedrock, Transcribe …) tunnel through it (RFC 9110
// section 9.3.6), NO_PROXY respected. No dependencies.
'use strict';
const http = require('http');
const http2 = require('http2');
const https = require('https');
const tls = require('tls');
const { Duplex } = require('stream');

const proxy = process.env.HTTPS_PROXY ? new URL(process.env.HTTPS_PROXY) : null;
// Endpoints without TLS, `host:port` each; other plain HTTP stays as it is.
const endpoints = (process.env.APITRAIL_HTTP_ENDPOINTS || '').split(',').filter(Boolean);
const direct = (process.env.NO_PROXY || '').split(',').map((s) => s.trim().toLowerCase()).filter(Boolean);

function isDirect(host) {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return direct.some((rule) => rule === '*' || name === rule ||
    name.endsWith(rule.startsWith('.') ? rule : '.' + rule));
}

// Asks the proxy for a tunnel; `callback` gets an error or the socket.
function dial(host, port, callback) {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const headers = { Host: authority };
  if (proxy.username) {
    const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    headers['Proxy-Authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
  }
  const connect = http.request({
    host: proxy.hostname, port: proxy.port || 80, method: 'CONNECT', path: authority, headers, agent: false,
  });
  connect.once('connect', (response, socket) => {
    if (response.statusCode === 200) return callback(null, socket);
    socket.destroy();
    return callback(new Error(`proxy refused ${authority}: ${response.statusCode}`));
  });
  connect.once('error', callback);
  connect.end();
}

// A stream that is there at once and flows when the tunnel stands: http2.connect cannot wait.
function tunnel(host, port) {
  let socket = null;
  const waiting = [];
  const opened = (action) => (socket ? action() : waiting.push(action));
  const stream = new Duplex({
    read() { if (socket) socket.resume(); },
    write(chunk, encoding, done) { opened(() => socket.write(chunk, done)); },
    final(done) { opened(() => socket.end(done)); },
    destroy(error, done) { if (socket) socket.destroy(); done(error); },
  });
  dial(host, port, (error, found) => {
    if (error) { stream.destroy(error); return; }
    socket = found;
    socket.on('data', (chunk) => { if (!stream.push(chunk)) socket.pause(); });
    socket.once('end', () => stream.push(null));
    socket.once('error', (problem) => stream.destroy(problem));
    waiting.splice(0).forEach((action) => action());
  });
  return stream;
}

if (proxy) {
  const plain = https.Agent.prototype.createConnection;
  https.Agent.prototype.createConnection = function createConnection(options, callback) {
    const host = options.host || options.hostname || 'localhost';
    if (options.socketPath || isDirect(host)) return plain.call(this, options, callback);
    dial(host, options.port || 443, (error, socket) => {
      if (error) { callback(error); return; }
      const secured = tls.connect({ ...options, socket, servername: options.servername || host });
      secured.once('error', () => {});
      callback(null, secured);
    });
    return undefined;
  };

  if (endpoints.length > 0) {
    const bare = http.Agent.prototype.createConnection;
    http.Agent.prototype.createConnection = function createConnection(options, callback) {
      const authority = `${options.host || options.hostname || 'localhost'}:${options.port || 80}`.toLowerCase();
      if (options.socketPath || !endpoints.includes(authority)) return bare.call(this, options, callback);
      dial(options.host || options.hostname, options.port || 80, callback);
      return undefined;
    };
  }

  const connect = http2.connect;
  http2.connect = function connectThrough(authority, options, listener) {
    const given = typeof options === 'function' ? {} : options || {};
    const listening = typeof options === 'function' ? options : listener;
    const url = new URL(authority);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (url.protocol !== 'https:' || given.createConnection || isDirect(host)) {
      return connect.call(this, authority, given, listening);
    }
    const createConnection = () => tls.connect({
      ALPNProtocols: ['h2'], servername: host, ...given, socket: tunnel(host, url.port || 443),
    });
    return connect.call(this, authority, { ...given, createConnection }, listening);
  };
  require('module').syncBuiltinESMExports();
}
