//! A TCP proxy that counts connections and closes them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A proxy in front of a service. It passes bytes, so that a client keeps its connections.
pub struct Wire {
    url: String,
    accepted: Arc<AtomicUsize>,
    open: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Wire {
    /// A proxy on a free port of the loopback address, in front of `upstream`: `http://host:port`.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound address"));
        let wire = Self { url, accepted: Arc::default(), open: Arc::default() };
        let upstream: Arc<str> = upstream.trim_start_matches("http://").into();
        let (accepted, open) = (Arc::clone(&wire.accepted), Arc::clone(&wire.open));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                let upstream = Arc::clone(&upstream);
                let connection = tokio::spawn(async move {
                    if let Ok(mut service) = TcpStream::connect(&*upstream).await {
                        // A connection that breaks ends here, at both ends.
                        let _ = copy_bidirectional(&mut client, &mut service).await;
                    }
                });
                open.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
        });
        wire
    }

    /// Its address: `http://host:port`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The number of connections that were made so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Closes all connections. They are closed when it returns.
    pub async fn close_all(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in open {
            connection.abort();
            // An error says that it was aborted.
            let _ = connection.await;
        }
    }
}
