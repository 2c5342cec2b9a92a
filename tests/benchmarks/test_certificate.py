import ssl

from benchmarks import certificate


def test_a_server_can_be_who_it_says(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate.make(tmp_path, "127.0.0.1"))
    assert (tmp_path / "server.crt").read_text().startswith("-----BEGIN CERTIFICATE")
