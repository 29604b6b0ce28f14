//! A connection that breaks at the worst moment: after Redis counted, before the service hears of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Passes everything on to a server, until it is told to lose an answer.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    lose: Arc<AtomicBool>,
}

impl Proxy {
    /// Listens for a server whose port is known later.
    pub(crate) async fn bind() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    pub(crate) fn start((listener, port): (TcpListener, u16), server: u16) -> Self {
        let lose = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&lose);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Self { port, lose }
    }

    /// Has the answer to the next INCR lost, and its connection with it.
    pub(crate) fn lose_next(&self) {
        self.lose.store(true, Ordering::SeqCst);
    }

    /// Whether an answer is still to be lost.
    pub(crate) fn is_losing(&self) -> bool {
        self.lose.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, server: u16, lose: Arc<AtomicBool>) -> Option<()> {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.ok()?;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let chunk = asked.get(..read.ok().filter(|length| *length > 0)?)?;
                server.write_all(chunk).await.ok()?;
                let counts = chunk.windows(4).any(|word| word == b"INCR");
                if counts && lose.swap(false, Ordering::SeqCst) {
                    // Redis has counted when it answers.
                    let _lost = server.read(&mut answered).await.ok()?;
                    return None;
                }
            }
            read = server.read(&mut answered) => {
                let chunk = answered.get(..read.ok().filter(|length| *length > 0)?)?;
                client.write_all(chunk).await.ok()?;
            }
        }
    }
}
