//! S-03: whatever a forbidden address is called, by itself or behind a redirect, nobody connects to it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::support::{
    home::{Home, config_for},
    look::{body, results},
    matrix,
    provider::{Answer, Double, Wire},
};

/// Addresses; `PORT` is where somebody listens on all of them that this machine has.
const BLOCKED: &[&str] = &[
    // Loopback in the spellings that parsers know.
    "http://127.0.0.1:PORT/",
    "http://127.0.0.2:PORT/",
    "http://127.255.255.254:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://0177.1:PORT/",
    "http://017700000001:PORT/",
    "http://0x7f.0.0.1:PORT/",
    "http://0x7f.1:PORT/",
    "http://0x7f000001:PORT/",
    "http://0X7F.0X0.0X0.0X1:PORT/",
    "http://2130706433:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://00000177.0.0.1:PORT/",
    "http://127.0x0.00.1:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http://127%2e0%2e0%2e1:PORT/",
    "http://１２７.０.０.１:PORT/",
    "http://127。0。0。1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://𝟏𝟐𝟕.𝟎.𝟎.𝟏:PORT/",
    "http:127.0.0.1:PORT/",
    "http:/127.0.0.1:PORT/",
    r"http:\\127.0.0.1:PORT\",
    "hTtP://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT/#@example.com",
    "http://127.0.0.1:PORT/?@example.com",
    "http://127.0.0.1:PORT\\@example.com/",
    "  http://127.0.0.1:PORT/  ",
    "http://localhost:PORT/",
    "http://LOCALHOST:PORT/",
    "http://localhost.:PORT/",
    "http://loc\talhost:PORT/",
    "https://127.0.0.1:PORT/",
    "https://localhost:PORT/",
    // The unspecified address is this machine, too.
    "http://0.0.0.0:PORT/",
    "http://0:PORT/",
    "http://0x0:PORT/",
    "http://00.0:PORT/",
    "http://0.1.2.3:PORT/",
    "http://[::]:PORT/",
    // Loopback over IPv6, and IPv4 inside it: mapped, compatible, translated, tunnelled.
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[::ffff:0:127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[64:ff9b:1::127.0.0.1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:PORT/",
    // Private networks, the local link, carriers, many receivers, what is reserved.
    "http://10.0.0.1:PORT/",
    "http://0xa.0.0.1:PORT/",
    "http://172.16.0.1:PORT/",
    "http://172.31.255.255:PORT/",
    "http://192.168.0.1:PORT/",
    "http://3232235521:PORT/",
    "http://169.254.1.1:PORT/",
    "http://100.64.0.1:PORT/",
    "http://192.0.0.1:PORT/",
    "http://192.0.2.1:PORT/",
    "http://198.18.0.1:PORT/",
    "http://198.51.100.1:PORT/",
    "http://203.0.113.1:PORT/",
    "http://224.0.0.1:PORT/",
    "http://240.0.0.1:PORT/",
    "http://255.255.255.255:PORT/",
    "http://[fe80::1]:PORT/",
    "http://[fc00::1]:PORT/",
    "http://[fd12:3456::1]:PORT/",
    "http://[ff02::1]:PORT/",
    "http://[fec0::1]:PORT/",
    "http://[2001:db8::1]:PORT/",
    "http://[100::1]:PORT/",
    // Where clouds hand out credentials.
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
];

/// What is not fetched for other reasons.
const REFUSED: &[&str] = &[
    "http://example.com@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT@127.0.0.1:PORT/",
    "http://user:pw@localhost:PORT/",
    "ftp://127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/_x",
    "file:///etc/passwd",
    "file://127.0.0.1/etc/passwd",
    "ws://127.0.0.1:PORT/",
    "data:text/plain,x",
    "javascript:x",
    "unix:///run/x",
    "dict://127.0.0.1:PORT/x",
    "http://[::1%25lo]:PORT/",
    "http://[fe80::1%lo]:PORT/",
    "http://256.0.0.1:PORT/",
    "http://127.0.0.0.1:PORT/",
    "http://0x100000000:PORT/",
    "http://127.0.0.1:PORT:80/",
    "http://",
    "//127.0.0.1:PORT/",
    "http://ip6-localhost.invalid:PORT/",
    "http://127.0.0.1.nip.invalid:PORT/",
];

/// Counts who connects to this machine by whatever address.
async fn listener() -> (u16, Arc<AtomicUsize>) {
    let listener = match TcpListener::bind("[::]:0").await {
        Ok(both) => both,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let (port, seen) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&seen);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, seen)
}

/// Answers `/n` with a redirect to the n-th place, and `/hop/k/n` with k more redirects before that.
async fn redirector(places: Vec<String>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = socket.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..read]).into_owned();
            let path: Vec<&str> = head.split(' ').nth(1).unwrap_or_default().split('/').skip(1).collect();
            let to = match path.as_slice() {
                ["hop", "1", n] => format!("/{n}"),
                ["hop", k, n] => format!("/hop/{}/{n}", k.parse::<usize>().unwrap() - 1),
                [n] => places[n.parse::<usize>().unwrap()].clone(),
                other => panic!("{other:?}"),
            };
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            socket.write_all(answer.as_bytes()).await.unwrap_or_default();
        }
    });
    port
}

#[tokio::test]
async fn s_03_forbidden_addresses_are_not_connected_to_in_any_spelling_or_behind_redirects() {
    let (port, seen) = listener().await;
    let places: Vec<String> =
        BLOCKED.iter().chain(REFUSED).map(|place| place.replace("PORT", &port.to_string())).collect();
    let redirector = redirector(places.clone()).await;
    let double = Double::start(Wire::Responses, Vec::new()).await;
    let mut config = config_for(&double);
    config["webfetch"] = json!({"allow": [format!("127.0.0.1:{redirector}")], "timeoutMs": 10_000});
    let home = Home::new(&config);
    let server = home.start().await;
    let (mut requests, mut tried) = (0, 0);
    for round in 0..matrix::times(1, 25) {
        let hops = [String::new(), format!("hop/{}/", 1 + round % 4)];
        let direct = places.iter().cloned().enumerate();
        // A header carries no line ends and no characters beyond ASCII as they are.
        let carried =
            |place: &&String| place.is_ascii() && !place.contains(['\t', ' ']) && place.contains("//");
        let behind = |hop: &String| {
            let numbers = places.iter().enumerate().filter(|(_, place)| carried(place)).map(|(n, _)| n);
            numbers.map(|n| (n, format!("http://127.0.0.1:{redirector}/{hop}{n}"))).collect::<Vec<_>>()
        };
        let urls: Vec<(usize, String)> = direct.chain(hops.iter().flat_map(behind)).collect();
        for some in urls.chunks(40) {
            let calls = some.iter().enumerate().fold(Answer::new(), |answer, (call, (_, url))| {
                answer.call(&format!("call_{round}_{tried}_{call}"), "webfetch", &json!({"url": url}))
            });
            double.then(calls);
            double.then(Answer::new().text("Done."));
            let session = server.session().await;
            server.prompt(&session, "Fetch.").await;
            requests += 2;
            let told = results(&body(&double, requests - 1));
            assert_eq!(told.len(), some.len());
            for ((place, url), told) in some.iter().zip(&told) {
                if *place < BLOCKED.len() {
                    assert!(told.contains("networkBlocked"), "{url} ({}): {told}", places[*place]);
                }
            }
            tried += some.len();
        }
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0, "somebody connected");
    matrix::held(
        "S-03",
        "forbidden addresses fetched, by themselves and behind redirects",
        tried,
        "0 connections",
    );
}
