//! A network that can fail: a TCP proxy on the loopback interface that counts, delays, and cuts after byte N.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

/// Which bytes count towards a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the program to the server.
    ToServer,
    /// From the server to the program.
    ToClient,
    /// Either way, added up.
    Both,
}

/// What a cut is, seen from both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Both ends get a reset: "connection reset by peer".
    Reset,
    /// Both ends see an orderly end of the stream.
    Close,
    /// Nothing arrives any more, and nobody is told: a black hole.
    Silence,
}

/// Whose bytes are counted, and what happens to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each connection by itself, also those made after a cut.
    Connection,
    /// All connections since the cut was set; after it the network stays down: open connections are cut in the same
    /// manner, and new ones at their first byte.
    Network,
}

/// When and how the proxy ends a connection. Exactly `after` bytes arrive.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Which bytes count.
    pub direction: Direction,
    /// How many of them still arrive.
    pub after: u64,
    /// What both ends notice.
    pub manner: Manner,
    /// Whose bytes count.
    pub scope: Scope,
}

/// What went through the proxy so far, over all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections made to the proxy.
    pub connections: u64,
    /// Bytes that reached the server.
    pub bytes_to_server: u64,
    /// Bytes that reached the program.
    pub bytes_to_client: u64,
    /// How often the program spoke after the server did, or first: round trips, if it waits for answers.
    pub messages_to_server: u64,
    /// How often the server spoke after the program did, or first.
    pub messages_to_client: u64,
    /// Whether a cut has happened.
    pub cut: bool,
}

/// A proxy before a server. Everything that goes through it ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    ended: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counts: Counts,
    cut: Option<Cut>,
    /// The bytes that count since the cut was set.
    passed: u64,
    down: bool,
    delay_to_server: Duration,
    delay_to_client: Duration,
    open: Vec<Arc<Connection>>,
    /// How many bytes had reached the program when each of the server's messages began.
    answers: Vec<u64>,
}

struct Connection {
    client: End,
    server: End,
    state: Mutex<ConnectionState>,
}

/// One side's stream, until it is let go. A reset is sent when the last holder closes it, hence no copies of the handle.
type End = Mutex<Option<Arc<TcpStream>>>;

#[derive(Default)]
struct ConnectionState {
    passed: u64,
    last: Option<Direction>,
    dead: bool,
}

/// What may still pass of a piece.
struct Verdict {
    length: usize,
    cut: Option<Manner>,
}

impl Proxy {
    /// Starts a proxy before the server that listens there.
    pub fn to(server: SocketAddr) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared { server, ended: AtomicBool::new(false), state: Mutex::default() });
        thread::spawn({
            let shared = shared.clone();
            move || {
                while let Ok((client, _)) = listener.accept() {
                    if shared.ended.load(Ordering::SeqCst) {
                        break;
                    }
                    let client = Arc::new(client);
                    // A server that is gone refuses through the proxy, too.
                    if shared.connect(&client).is_err() {
                        reset(&client);
                    }
                }
            }
        });
        Proxy { address, shared }
    }

    /// Where it listens; for `TestDatabase::url_at`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the cut, counting from now; the network is up again if it was down.
    pub fn cut(&self, cut: Cut) {
        self.shared.set(Some(cut));
    }

    /// From now on nothing is cut.
    pub fn restore(&self) {
        self.shared.set(None);
    }

    /// From now on each byte arrives that much later. Both together are the round-trip time.
    pub fn delay(&self, to_server: Duration, to_client: Duration) {
        let mut state = self.shared.state();
        (state.delay_to_server, state.delay_to_client) = (to_server, to_client);
    }

    /// How many bytes had reached the program before each answer of the server: cut there, the server has done what it was
    /// asked, and nobody hears of it.
    pub fn answers(&self) -> Vec<u64> {
        self.shared.state().answers.clone()
    }

    /// What went through so far.
    pub fn counts(&self) -> Counts {
        self.shared.state().counts
    }

    /// Whether a cut of the whole network holds.
    pub fn is_down(&self) -> bool {
        self.shared.state().down
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        TcpStream::connect(self.address).ok();
        for connection in self.shared.state().open.drain(..) {
            connection.let_go(Manner::Close);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, cut: Option<Cut>) {
        let mut state = self.state();
        (state.cut, state.passed, state.down) = (cut, 0, false);
        for connection in &state.open {
            connection.state().passed = 0;
        }
    }

    fn connect(self: &Arc<Self>, client: &Arc<TcpStream>) -> io::Result<()> {
        let server = Arc::new(TcpStream::connect(self.server)?);
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client_end, server_end) = (Some(client.clone()).into(), Some(server.clone()).into());
        let connection = Arc::new(Connection { client: client_end, server: server_end, state: Mutex::default() });
        let mut state = self.state();
        state.counts.connections += 1;
        state.open.push(connection.clone());
        drop(state);
        self.pump(&connection, client.clone(), Direction::ToServer);
        self.pump(&connection, server, Direction::ToClient);
        Ok(())
    }

    /// Moves bytes one way: one thread reads and stamps them with the time of their arrival, one hands them over.
    fn pump(self: &Arc<Self>, connection: &Arc<Connection>, from: Arc<TcpStream>, direction: Direction) {
        let (sender, pieces) = mpsc::channel();
        thread::spawn(move || {
            let mut piece = vec![0; 64 * 1024];
            loop {
                let read = (&*from).read(&mut piece).map(|length| piece[..length].to_vec());
                let last = !matches!(&read, Ok(bytes) if !bytes.is_empty());
                if sender.send((Instant::now(), read)).is_err() || last {
                    break;
                }
            }
        });
        let (shared, connection) = (self.clone(), connection.clone());
        thread::spawn(move || shared.deliver(&connection, &pieces, direction));
    }

    fn deliver(
        &self,
        connection: &Connection,
        pieces: &Receiver<(Instant, io::Result<Vec<u8>>)>,
        direction: Direction,
    ) {
        for (arrived, piece) in pieces {
            let state = self.state();
            let delay = if direction == Direction::ToServer { state.delay_to_server } else { state.delay_to_client };
            drop(state);
            thread::sleep((arrived + delay).saturating_duration_since(Instant::now()));
            let Some(to) = connection.end_of(direction) else { return };
            match piece {
                Ok(bytes) if !bytes.is_empty() => {
                    let verdict = self.judge(connection, bytes.len(), direction);
                    let sent = (&*to).write_all(&bytes[..verdict.length]);
                    if let Some(manner) = verdict.cut {
                        drop(to);
                        self.carry_out(connection, manner);
                    } else if sent.is_err() {
                        // The other end is gone: so is this one.
                        connection.end(Manner::Reset);
                    }
                }
                // A black hole swallows the end of a stream like everything else.
                _ if connection.state().dead => {}
                Ok(_) => drop(to.shutdown(Shutdown::Write)),
                Err(_) => connection.end(Manner::Reset),
            }
        }
    }

    /// Counts a piece and decides how much of it still passes.
    fn judge(&self, connection: &Connection, length: usize, direction: Direction) -> Verdict {
        let bytes = length as u64;
        let mut state = self.state();
        let mut of_connection = connection.state();
        if of_connection.dead {
            return Verdict { length: 0, cut: None };
        }
        let mut verdict = Verdict { length, cut: None };
        if let Some(cut) = state.cut {
            let passed = if cut.scope == Scope::Network { &mut state.passed } else { &mut of_connection.passed };
            if cut.direction == direction || cut.direction == Direction::Both {
                let left = cut.after - *passed;
                *passed += bytes.min(left);
                // The cut comes with the byte that does not arrive, so that a conversation of exactly N bytes is whole.
                if bytes > left {
                    verdict = Verdict { length: left as usize, cut: Some(cut.manner) };
                }
            }
            if state.down {
                verdict = Verdict { length: 0, cut: Some(cut.manner) };
            }
            state.down |= verdict.cut.is_some() && cut.scope == Scope::Network;
        }
        if verdict.length > 0 {
            let speaks = of_connection.last != Some(direction);
            of_connection.last = Some(direction);
            if speaks && direction == Direction::ToClient {
                let before = state.counts.bytes_to_client;
                state.answers.push(before);
            }
            let counts = &mut state.counts;
            let (total, messages) = match direction {
                Direction::ToServer => (&mut counts.bytes_to_server, &mut counts.messages_to_server),
                _ => (&mut counts.bytes_to_client, &mut counts.messages_to_client),
            };
            *total += verdict.length as u64;
            *messages += u64::from(speaks);
        }
        state.counts.cut |= verdict.cut.is_some();
        verdict
    }

    fn carry_out(&self, connection: &Connection, manner: Manner) {
        connection.end(manner);
        let state = self.state();
        if state.down {
            for other in &state.open {
                other.end(manner);
            }
        }
    }
}

impl Connection {
    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream towards which this direction leads.
    fn end_of(&self, direction: Direction) -> Option<Arc<TcpStream>> {
        let end = if direction == Direction::ToServer { &self.server } else { &self.client };
        end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&self, manner: Manner) {
        let was_dead = std::mem::replace(&mut self.state().dead, true);
        if !was_dead {
            self.let_go(manner);
        }
    }

    fn let_go(&self, manner: Manner) {
        if manner == Manner::Silence {
            return;
        }
        for end in [&self.client, &self.server] {
            let Some(stream) = end.lock().unwrap_or_else(PoisonError::into_inner).take() else { continue };
            if manner == Manner::Reset {
                reset(&stream);
            } else {
                stream.shutdown(Shutdown::Both).ok();
            }
        }
    }
}

/// Makes the close of a stream a reset, and whoever reads from it close it.
fn reset(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).ok();
    stream.shutdown(Shutdown::Read).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers every byte `b` with two of it, and remembers what reached it and how it ended.
    struct Doubler {
        address: SocketAddr,
        heard: Receiver<(Vec<u8>, Option<io::ErrorKind>)>,
    }

    impl Doubler {
        fn start() -> Doubler {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let (sender, heard) = mpsc::channel();
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let (mut stream, sender) = (stream.unwrap(), sender.clone());
                    thread::spawn(move || {
                        let (mut all, mut piece) = (Vec::new(), [0; 100]);
                        let end = loop {
                            match stream.read(&mut piece) {
                                Ok(0) => break None,
                                Ok(length) => {
                                    all.extend_from_slice(&piece[..length]);
                                    let answer: Vec<u8> = piece[..length].iter().flat_map(|b| [*b, *b]).collect();
                                    // A reset is told once, to whichever call is next.
                                    if let Err(error) = stream.write_all(&answer) {
                                        break Some(error.kind());
                                    }
                                }
                                Err(error) => break Some(error.kind()),
                            }
                        };
                        sender.send((all, end)).ok();
                    });
                }
            });
            Doubler { address, heard }
        }

        fn heard(&self) -> (Vec<u8>, Option<io::ErrorKind>) {
            self.heard.recv_timeout(Duration::from_secs(10)).expect("the connection ended")
        }
    }

    fn client(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect(proxy.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream
    }

    /// Sends and reads as many bytes as the doubler answers.
    fn ask(stream: &mut TcpStream, text: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(text)?;
        let mut answer = vec![0; text.len() * 2];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    fn rest(stream: &mut TcpStream) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut all = Vec::new();
        let error = stream.read_to_end(&mut all).err().map(|error| error.kind());
        (all, error)
    }

    #[test]
    fn everything_passes_and_is_counted() {
        let server = Doubler::start();
        let proxy = Proxy::to(server.address);
        let mut stream = client(&proxy);
        assert_eq!(ask(&mut stream, b"abc").unwrap(), b"aabbcc");
        assert_eq!(ask(&mut stream, b"d").unwrap(), b"dd");
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(server.heard(), (b"abcd".to_vec(), None));
        assert_eq!(rest(&mut stream), (Vec::new(), None));
        let expected = Counts {
            connections: 1,
            bytes_to_server: 4,
            bytes_to_client: 8,
            messages_to_server: 2,
            messages_to_client: 2,
            cut: false,
        };
        assert_eq!(proxy.counts(), expected);
    }

    #[test]
    fn exactly_the_first_bytes_reach_the_server() {
        for (manner, end) in [(Manner::Reset, Some(io::ErrorKind::ConnectionReset)), (Manner::Close, None)] {
            for after in 0..4 {
                let server = Doubler::start();
                let proxy = Proxy::to(server.address);
                proxy.cut(Cut { direction: Direction::ToServer, after, manner, scope: Scope::Connection });
                let mut stream = client(&proxy);
                stream.write_all(b"abcdef").unwrap();
                assert_eq!(rest(&mut stream).1, end, "{manner:?} after {after}");
                assert_eq!(server.heard(), (b"abcdef"[..after as usize].to_vec(), end), "{manner:?} after {after}");
                assert!(proxy.counts().cut);
                assert_eq!(proxy.counts().bytes_to_server, after);
            }
        }
    }

    #[test]
    fn exactly_the_first_bytes_reach_the_client() {
        for after in 0..5 {
            let server = Doubler::start();
            let proxy = Proxy::to(server.address);
            let manner = Manner::Close;
            proxy.cut(Cut { direction: Direction::ToClient, after, manner, scope: Scope::Connection });
            let mut stream = client(&proxy);
            stream.write_all(b"abc").unwrap();
            assert_eq!(rest(&mut stream), (b"aabbcc"[..after as usize].to_vec(), None));
            assert_eq!(server.heard().0, b"abc", "the server did hear what its answer was cut for");
        }
    }

    #[test]
    fn a_conversation_as_long_as_the_limit_is_whole() {
        let server = Doubler::start();
        let proxy = Proxy::to(server.address);
        let manner = Manner::Reset;
        proxy.cut(Cut { direction: Direction::Both, after: 9, manner, scope: Scope::Connection });
        let mut stream = client(&proxy);
        assert_eq!(ask(&mut stream, b"abc").unwrap(), b"aabbcc");
        assert!(!proxy.counts().cut);
        assert!(ask(&mut stream, b"d").is_err());
        assert!(proxy.counts().cut);
        // Each connection has its own nine bytes.
        assert_eq!(ask(&mut client(&proxy), b"abc").unwrap(), b"aabbcc");
    }

    #[test]
    fn a_network_that_is_down_stays_down_until_it_is_restored() {
        let server = Doubler::start();
        let proxy = Proxy::to(server.address);
        let mut other = client(&proxy);
        assert_eq!(ask(&mut other, b"a").unwrap(), b"aa");
        let (direction, manner, scope) = (Direction::ToServer, Manner::Reset, Scope::Network);
        proxy.cut(Cut { direction, after: 2, manner, scope });
        let mut stream = client(&proxy);
        assert_eq!(ask(&mut stream, b"ab").unwrap(), b"aabb");
        assert!(ask(&mut stream, b"c").is_err());
        assert!(ask(&mut other, b"a").is_err(), "an open connection is cut with it");
        assert!(ask(&mut client(&proxy), b"a").is_err(), "a new one, too");
        proxy.restore();
        assert_eq!(ask(&mut client(&proxy), b"abc").unwrap(), b"aabbcc");
    }

    #[test]
    fn silence_tells_nobody() {
        let server = Doubler::start();
        let proxy = Proxy::to(server.address);
        let (direction, manner) = (Direction::ToServer, Manner::Silence);
        proxy.cut(Cut { direction, after: 1, manner, scope: Scope::Connection });
        let mut stream = client(&proxy);
        stream.write_all(b"ab").unwrap();
        let (answer, end) = rest(&mut stream);
        assert_eq!(end, Some(io::ErrorKind::WouldBlock), "the client waits in vain");
        assert!(answer.len() <= 2);
        stream.write_all(b"more").unwrap();
        drop(stream);
        assert!(server.heard.recv_timeout(Duration::from_millis(300)).is_err(), "the server does not learn of the end");
        drop(proxy);
        assert_eq!(server.heard(), (b"a".to_vec(), None));
    }

    #[test]
    fn a_delay_is_paid_once_per_round_trip() {
        let server = Doubler::start();
        let proxy = Proxy::to(server.address);
        proxy.delay(Duration::from_millis(50), Duration::from_millis(100));
        let mut stream = client(&proxy);
        let start = Instant::now();
        for _ in 0..4 {
            ask(&mut stream, b"x").unwrap();
        }
        let taken = start.elapsed();
        assert!(taken >= Duration::from_millis(600), "{taken:?}");
        assert!(taken < Duration::from_millis(1150), "{taken:?}");
    }

    #[test]
    fn a_server_that_is_gone_refuses() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let mut stream = client(&Proxy::to(gone));
        assert!(stream.read_exact(&mut [0]).is_err());
    }
}
