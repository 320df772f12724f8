//! Keepalive for connections that a driver has opened: without it, a cut network leaves the program waiting for ever.
//!
//! The drivers neither set it nor hand out their sockets, so this looks through the process's own open files.

use std::time::Duration;

/// Makes every TCP connection of this process to this port notice a dead network within about a minute, and returns
/// the local ports of those connections; none where the system does not tell.
pub(super) fn keep_alive(port: u16) -> Option<Vec<u16>> {
    imp::keep_alive(port)
}

/// Silence until the first question.
const IDLE: Duration = Duration::from_secs(30);
/// Between questions.
const INTERVAL: Duration = Duration::from_secs(10);
/// Questions without an answer until the connection counts as dead.
const RETRIES: u32 = 3;

#[cfg(unix)]
#[allow(unsafe_code)]
mod imp {
    use std::os::fd::{BorrowedFd, RawFd};

    use socket2::{Domain, SockRef, TcpKeepalive};

    use super::{IDLE, INTERVAL, RETRIES};

    pub(super) fn keep_alive(port: u16) -> Option<Vec<u16>> {
        let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
        let entries = std::fs::read_dir(folder).ok()?;
        let numbers: Vec<RawFd> =
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        Some(numbers.into_iter().filter_map(|number| keep_one_alive(number, port)).collect())
    }

    fn keep_one_alive(number: RawFd, port: u16) -> Option<u16> {
        // SAFETY: the number was just listed as open. Should another thread have closed it since, the calls below
        // fail, or reach another open file of this process, which they only change if it is a connection to this
        // very port; nothing is closed, and the number is not kept.
        let file = unsafe { BorrowedFd::borrow_raw(number) };
        let socket = SockRef::from(&file);
        let peer = socket.peer_addr().ok()?;
        if !matches!(peer.domain(), Domain::IPV4 | Domain::IPV6) || peer.as_socket()?.port() != port {
            return None;
        }
        let options = TcpKeepalive::new().with_time(IDLE).with_interval(INTERVAL).with_retries(RETRIES);
        // A network that refuses the option is no reason to refuse the connection.
        let _ = socket.set_tcp_keepalive(&options);
        let _ = socket.set_tcp_nodelay(true);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let _ = socket.set_tcp_user_timeout(Some(IDLE * 2));
        Some(socket.local_addr().ok()?.as_socket()?.port())
    }
}

#[cfg(not(unix))]
mod imp {
    pub(super) fn keep_alive(_port: u16) -> Option<Vec<u16>> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use socket2::SockRef;

    #[test]
    fn only_connections_to_the_port_are_kept_alive() {
        let (wanted, other) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let ours = TcpStream::connect(wanted.local_addr().unwrap()).unwrap();
        let theirs = TcpStream::connect(other.local_addr().unwrap()).unwrap();
        let found = super::keep_alive(wanted.local_addr().unwrap().port()).unwrap();
        assert_eq!(found, [ours.local_addr().unwrap().port()]);
        assert!(SockRef::from(&ours).keepalive().unwrap());
        assert!(!SockRef::from(&theirs).keepalive().unwrap());
    }
}
