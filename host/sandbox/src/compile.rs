//! Compiles with an end in sight. The compiler has no brake, so it runs in a thread of its own, which is abandoned when it
//! takes too long: it ends by itself, since [`screen::code`](crate::screen::code) has bounded what it may be given.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::LoadError;

/// Runs `work`, and waits for it no longer than `limit`.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> wasmtime::Result<T> + Send + 'static,
) -> Result<T, LoadError> {
    let (done, result) = mpsc::channel();
    let thread = thread::Builder::new().name("sandbox-compile".into()).spawn(move || {
        // If the receiver is gone, the result is not needed.
        let _ = done.send(work());
    });
    thread.map_err(|error| LoadError::invalid(format!("no thread to compile it in: {error}")))?;
    match result.recv_timeout(limit) {
        Ok(compiled) => compiled.map_err(|error| LoadError::invalid(format!("{error:#}"))),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(LoadError::CompileTime(limit)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(LoadError::invalid("the compiler gave up on it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_takes_too_long_is_abandoned() {
        let limit = Duration::from_millis(20);
        let slow = within(limit, || {
            thread::sleep(Duration::from_secs(2));
            Ok(())
        });
        assert_eq!(slow, Err(LoadError::CompileTime(limit)));
        assert_eq!(within(Duration::from_secs(60), || Ok(7)), Ok(7));
    }

    #[test]
    fn a_compiler_that_panics_is_an_error_of_the_module() {
        let broken = within::<()>(Duration::from_secs(60), || panic!("as a compiler's bug would"));
        assert_eq!(broken, Err(LoadError::invalid("the compiler gave up on it")));
    }
}
