//! URLs of nodes, and what answers at them.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::program::sanad;

#[test]
fn a_url_that_no_node_can_have_is_refused_before_it_is_dialled() {
    let folder = tempfile::tempdir().unwrap();
    for (url, said) in [
        ("ftp://127.0.0.1:50051", "neither http:// nor https://"),
        ("127.0.0.1:50051", "neither http:// nor https://"),
        ("http://127.0.0.1:99999", "not a number from 1 to 65535"),
        ("http://127.0.0.1:0", "not a number from 1 to 65535"),
        ("http://127.0.0.1:50051/api", "no path, query or fragment"),
        ("http://admin:x@127.0.0.1:50051", "user or password"),
    ] {
        for command in ["entry show 0 --node", "node status --node", "tail --node"] {
            sanad(folder.path(), &format!("{command} {url}")).expect_error(said);
        }
    }
}

#[test]
fn a_server_that_is_no_node_is_called_that() {
    let folder = tempfile::tempdir().unwrap();
    for answer in ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH_9.6\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 24]);
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let run = sanad(folder.path(), &format!("entry show 0 --node {url}")).expect(2);
        let said = format!("{url}: it answers, but not as a Sanad node");
        assert!(run.stderr.contains(&said), "{}", run.stderr);
        assert!(!run.stderr.contains("h2"), "{}", run.stderr);
        server.join().unwrap();
    }
}
