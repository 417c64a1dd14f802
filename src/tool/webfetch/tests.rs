//! Fetches from a server on loopback, which the configuration has to name, and from names that an own resolver knows.

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{resolver::Lookup, *};
use crate::tool::fixture::Desk;

/// A server that answers by path, and counts connections.
struct Site {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Site {
    async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let site = Self { port: listener.local_addr().unwrap().port(), connections: Arc::default() };
        let (connections, answer) = (Arc::clone(&site.connections), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut head = vec![0; 16 * 1024];
                    let read = socket.read(&mut head).await.unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let answer = answer(head.split(' ').nth(1).unwrap_or_default());
                    if answer.is_empty() {
                        return std::future::pending().await;
                    }
                    socket.write_all(&answer).await.unwrap_or_default();
                });
            }
        });
        site
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn answer(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn html(body: &str) -> Vec<u8> {
    answer("200 OK\r\nContent-Type: text/html", body)
}

fn moved(location: &str) -> Vec<u8> {
    answer(&format!("302 Found\r\nLocation: {location}"), "")
}

/// A desk whose configuration names loopback.
fn desk() -> Desk {
    let mut desk = Desk::new(&[]);
    desk.web.allow = vec!["127.0.0.1".to_owned()];
    desk
}

async fn fetch(desk: &Desk, url: &str) -> Result<Output, ToolError> {
    desk.call(WebFetch::default(), json!({"url": url})).await
}

async fn told(desk: &Desk, url: &str) -> String {
    fetch(desk, url).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_page_is_asked_for_by_its_url_and_comes_as_markdown() {
    let site = Site::start(|_| html("<title>Docs</title><h1>One</h1><p>Two")).await;
    let desk = desk();
    let output = fetch(&desk, &site.url("/a#b")).await.unwrap();
    assert_eq!(output.text, "Title: Docs\n\n# One\n\nTwo");
    assert_eq!(output.title, format!("Fetch {}: Docs", site.url("/a")));
    let ask = desk.last_ask();
    assert_eq!((ask.tool.as_str(), ask.items[0].label.as_str()), ("webfetch", site.url("/a").as_str()));
    assert_eq!(ask.items[0].rule, site.url("/*"));
    let source =
        desk.call(WebFetch::default(), json!({"url": site.url("/"), "format": "html"})).await.unwrap();
    assert!(source.text.starts_with("<title>"), "{}", source.text);
}

#[tokio::test]
async fn a_private_address_is_refused_before_anybody_is_asked() {
    let site = Site::start(|_| html("secret")).await;
    let desk = Desk::new(&[]);
    let told = told(&desk, &site.url("/")).await;
    assert!(told.starts_with("networkBlocked: 127.0.0.1 leads to 127.0.0.1"), "{told}");
    assert!(desk.asks.lock().unwrap().is_empty());
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_refusal_and_the_configurations_deny_connect_to_nobody() {
    let site = Site::start(|_| html("x")).await;
    let mut desk = desk();
    desk.refusal = Some(crate::permission::Refusal::Person);
    assert!(matches!(fetch(&desk, &site.url("/")).await, Err(ToolError::Refused(_))));
    desk.refusal = None;
    desk.web.deny = vec!["127.*".to_owned()];
    assert!(told(&desk, &site.url("/")).await.contains("webfetch.deny"));
    assert_eq!(site.connections(), 0);
}

/// Answers in turn, and counts.
struct Script {
    answers: Vec<Vec<&'static str>>,
    asked: Mutex<usize>,
}

impl Lookup for Script {
    fn lookup(&self, _host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut asked = self.asked.lock().unwrap();
        let answer = &self.answers[*asked % self.answers.len()];
        *asked += 1;
        let addresses = answer.iter().map(|address| address.parse().unwrap()).collect();
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

fn scripted(answers: &[&[&'static str]]) -> (WebFetch, Arc<Script>) {
    let answers = answers.iter().map(|answer| answer.to_vec()).collect();
    let script = Arc::new(Script { answers, asked: Mutex::new(0) });
    (WebFetch { fetcher: Fetcher::with(script.clone()) }, script)
}

#[tokio::test]
async fn s_03_a_name_that_leads_to_forbidden_places_is_never_connected_to() {
    let site = Site::start(|_| html("secret")).await;
    let places: &[&[&str]] = &[
        &["127.0.0.1"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
        &["2606:4700::1", "::1"],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["64:ff9b::7f00:1"],
        &["0.0.0.0"],
        &["2002:7f00:1::"],
    ];
    let desk = Desk::new(&[]);
    for places in places {
        let (tool, script) = scripted(&[places]);
        let url = format!("http://rebind.test:{}/", site.port);
        let told = desk.call(tool, json!({"url": url})).await.unwrap_err().to_string();
        assert!(told.starts_with("networkBlocked: rebind.test leads to "), "{places:?}: {told}");
        assert_eq!(*script.asked.lock().unwrap(), 1);
    }
    assert_eq!(site.connections(), 0);
}

/// Each connection is to the address that was looked up and checked for it: there is no second look-up to lie to.
#[tokio::test]
async fn s_03_a_rebinding_resolver_is_asked_once_for_each_connection() {
    let site = Site::start(|path| if path == "/" { moved("/next") } else { html("seen") }).await;
    let mut desk = Desk::new(&[]);
    desk.web.allow = vec!["rebind.test".to_owned()];
    let url = json!({"url": format!("http://rebind.test:{}/next", site.port)});
    let (tool, script) = scripted(&[&["127.0.0.1"], &["169.254.169.254"]]);
    assert_eq!(desk.call(tool, url).await.unwrap().text, "seen");
    assert_eq!((*script.asked.lock().unwrap(), site.connections()), (1, 1));

    let url = json!({"url": format!("http://rebind.test:{}/", site.port)});
    let (tool, script) = scripted(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let told = desk.call(tool, url).await.unwrap_err().to_string();
    assert!(told.starts_with("networkBlocked: rebind.test leads to 169.254.169.254"), "{told}");
    assert_eq!((*script.asked.lock().unwrap(), site.connections()), (2, 2));
}

#[tokio::test]
async fn redirects_are_followed_five_times_and_told() {
    let site = Site::start(|path| match path.trim_start_matches('/').parse::<u32>() {
        Ok(0) => html("there"),
        Ok(n) => moved(&format!("/{}", n - 1)),
        Err(_) => answer("404 Not Found", ""),
    })
    .await;
    let desk = desk();
    let output = fetch(&desk, &site.url("/5")).await.unwrap();
    assert_eq!(output.text, format!("there\n[redirected to {}]", site.url("/0")));
    assert_eq!(desk.asks.lock().unwrap().len(), 1, "one host, one question");
    assert!(told(&desk, &site.url("/6")).await.contains("more than 5 redirects"));
}

#[tokio::test]
async fn a_redirect_to_another_host_is_asked_for_again_and_a_denied_one_is_not_followed() {
    let other = Site::start(|_| html("other")).await;
    let to_other = other.url("/x");
    let site = Site::start(move |path| if path == "/" { moved(&to_other) } else { moved("/denied") }).await;
    let mut desk = desk();
    fetch(&desk, &site.url("/")).await.unwrap();
    let ask = desk.last_ask();
    assert!(ask.reason.contains(&site.url("/")) && ask.items[0].label == other.url("/x"), "{ask:?}");
    desk.denied = vec![site.url("/denied")];
    assert!(told(&desk, &site.url("/y")).await.contains("a rule denies"));
}

#[tokio::test]
async fn a_long_answer_is_cut_and_says_so() {
    let site = Site::start(|_| answer("200 OK\r\nContent-Type: text/plain", "x".repeat(100_000))).await;
    let mut desk = desk();
    desk.web.max_bytes = 1_000;
    let text = fetch(&desk, &site.url("/")).await.unwrap().text;
    assert!(text.starts_with("xxx") && text.contains("only the first 1000 bytes"), "{text}");
    assert!(text.len() < 1_200);
}

#[tokio::test]
async fn a_silent_server_costs_the_time_cap() {
    let site = Site::start(|path| if path == "/" { Vec::new() } else { moved("/") }).await;
    let mut desk = desk();
    desk.web.timeout_ms = 200;
    for path in ["/", "/redirect"] {
        assert!(told(&desk, &site.url(path)).await.contains("no answer within 200 ms"));
    }
}

#[test]
fn no_configuration_waits_for_ever() {
    let waits = |timeout_ms| longest(&WebfetchConfig { timeout_ms, ..WebfetchConfig::default() });
    assert_eq!(waits(u64::MAX), LONGEST_FETCH);
    assert_eq!([waits(0), waits(250)], [1, 250].map(Duration::from_millis));
}

#[tokio::test]
async fn no_configuration_reads_without_end() {
    let site = Site::start(|_| answer("200 OK\r\nContent-Type: text/plain", vec![b'x'; 17 << 20])).await;
    let mut desk = desk();
    desk.web.max_bytes = u64::MAX;
    let text = fetch(&desk, &site.url("/")).await.unwrap().text;
    let (read, _) = text.split_once('\n').unwrap();
    assert_eq!(read.len() as u64, MOST_BYTES);
}

#[tokio::test]
async fn a_stopped_fetch_ends_at_once() {
    let site = Site::start(|_| Vec::new()).await;
    let desk = desk();
    let stop = desk.cancel.clone();
    let connections = Arc::clone(&site.connections);
    tokio::spawn(async move {
        while connections.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    });
    assert!(matches!(fetch(&desk, &site.url("/")).await, Err(ToolError::Cancelled { .. })));
}

#[tokio::test]
async fn what_is_no_text_is_named_and_what_went_wrong_is_told() {
    let site = Site::start(|path| match path {
        "/pdf" => answer("200 OK\r\nContent-Type: application/pdf", "%PDF"),
        "/br" => answer("200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: br", "x"),
        _ => answer("404 Not Found\r\nContent-Type: text/html", "<p>no such page"),
    })
    .await;
    let desk = desk();
    let text = fetch(&desk, &site.url("/pdf")).await.unwrap().text;
    assert!(text.contains("application/pdf, 4 bytes") && !text.contains("%PDF"), "{text}");
    assert!(told(&desk, &site.url("/br")).await.contains("encoded as br"));
    let told = told(&desk, &site.url("/gone")).await;
    assert!(told.contains("answered 404 Not Found\nno such page"), "{told}");
}
