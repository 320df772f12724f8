//! `wait`, `lock`, `completions`, and the signals that end a run.

use clap::Args;
use coexist::report::Report;

use super::exit::{Exit, Failure};
use super::open::Wishes;
use super::settings::Surroundings;
use super::shared::Shared;
use super::terminal::Terminal;

/// Wait until the database answers
#[derive(Debug, Args)]
pub struct WaitArgs {}

/// Show who holds the lock
#[derive(Debug, Args)]
pub struct LockArgs {}

/// Print completions for a shell
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

/// `migrate wait`.
pub async fn wait(_: &WaitArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut surroundings = Surroundings::read(shared)?;
    surroundings.wait_unless_told("60s");
    let stopped = stop_signal();
    let (migrator, interrupt) = surroundings.migrator(terminal, &Wishes::default()).await?;
    tokio::spawn(async move {
        stopped.await;
        interrupt.request();
    });
    migrator.wait(&mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Ready);
    Ok(Exit::Done)
}

/// `migrate lock`.
pub async fn lock(_: &LockArgs, shared: &Shared, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (migrator, _) = Surroundings::read(shared)?.migrator(terminal, &Wishes::default()).await?;
    let holder = migrator.lock_holder(&mut |event| terminal.event(event)).await?;
    terminal.report(&Report::Lock(holder.as_ref()));
    Ok(Exit::Done)
}

/// `migrate completions`.
pub fn completions(args: &CompletionsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "migrate", &mut script);
    terminal.write_out(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}

/// Waits for Ctrl-C, for the signal with which service managers end a process, or for the end of the terminal. From the
/// call on, before anybody waits, they end nothing by themselves.
#[cfg(unix)]
pub fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    // Who starts it with `nohup` wants it to outlive the terminal.
    let hangup = outlives_its_terminal().is_some_and(|outlives| !outlives).then(|| signal(SignalKind::hangup()));
    // One that cannot be heard of has its default action: it ends the process, and the next run resumes.
    let heard = async |signal: std::io::Result<Signal>| match signal {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    };
    async move {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
            () = async { match hangup { Some(hangup) => heard(hangup).await, None => std::future::pending().await } } => {}
        }
    }
}

/// Whether the end of the terminal is passed over; none where the system does not tell.
#[cfg(unix)]
fn outlives_its_terminal() -> Option<bool> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let ignored = u64::from_str_radix(ignored.trim(), 16).ok()?;
    // The first bit is the first signal, and that is the hangup.
    Some(ignored & 1 == 1)
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub async fn stop_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
