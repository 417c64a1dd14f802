//! A provider below HTTP: what no HTTP library would write, and what never ends.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What is written for ever: the bytes of this number, from 0.
pub type Forever = fn(usize) -> Vec<u8>;

/// Answers each request with the same bytes, then closes the connection.
pub struct Socket {
    port: u16,
    server: JoinHandle<()>,
}

impl Socket {
    /// Starts on a free port of loopback. Behind `first` comes what `forever` makes, until the client goes away.
    pub async fn start(first: Vec<u8>, forever: Option<Forever>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let first = first.clone();
                tokio::spawn(async move {
                    // The client may go away at any time: that is what it should do.
                    drop(answer(socket, &first, forever).await);
                });
            }
        });
        Self { port, server }
    }

    /// What goes into `baseUrl`.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(mut socket: TcpStream, first: &[u8], forever: Option<Forever>) -> std::io::Result<()> {
    read_request(&mut socket).await?;
    socket.write_all(first).await?;
    let Some(forever) = forever else { return socket.shutdown().await };
    for number in 0.. {
        socket.write_all(&forever(number)).await?;
    }
    Ok(())
}

/// Reads a request with a `content-length` to its end.
async fn read_request(socket: &mut TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        if socket.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        if request.len() >= head.len() + 4 + length.unwrap_or(0) {
            return Ok(());
        }
    }
}
