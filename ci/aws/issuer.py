"""An issuer of tokens for tests of AWS clients."""

import base64
import hashlib
import http.server
import json
import ssl
import subprocess
import threading
import time

SUBJECT = "system:serviceaccount:team:models"


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """An issuer on a free port of localhost, with a certificate that only its thumbprint vouches for."""

    def __init__(self, folder):
        self.key, certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", certificate]
            + ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            check=True,
            capture_output=True,
        )
        der = ssl.PEM_cert_to_DER_cert(open(certificate).read())
        self.thumbprint = hashlib.sha1(der).hexdigest()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(issuer.documents[self.path]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, self.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{server.server_port}"
        modulus = subprocess.run(
            ["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True, capture_output=True, text=True
        ).stdout.strip()
        n = bytes.fromhex(modulus.split("=")[1])
        self.documents = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "n": part(n), "e": "AQAB"}]},
        }

    def token(self, kid="k1", **changes):
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": SUBJECT,
            "aud": ["sts.amazonaws.com"],
            "iat": now,
            "exp": now + 600,
            **changes,
        }
        head = part(json.dumps({"alg": "RS256", "kid": kid}).encode()) + "." + part(json.dumps(claims).encode())
        signed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.key], input=head.encode(), check=True, capture_output=True
        )
        return f"{head}.{part(signed.stdout)}"
