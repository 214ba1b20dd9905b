//! Work of a thread of its own, one piece at a time: what takes longer than a key may wait.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// At most one piece of work, and its result.
pub struct Job<T>(Option<Receiver<T>>);

impl<T> Default for Job<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Send + 'static> Job<T> {
    /// Whether a piece of work is under way.
    pub fn is_busy(&self) -> bool {
        self.0.is_some()
    }

    /// Starts `work`; one that is under way ends unheard.
    pub fn start(&mut self, work: impl FnOnce() -> T + Send + 'static) {
        let (send, receive) = channel();
        std::thread::spawn(move || send.send(work()));
        self.0 = Some(receive);
    }

    /// The result, once it is there; an error if the thread broke down.
    pub fn poll(&mut self) -> Option<Result<T, String>> {
        let result = match self.0.as_ref()?.try_recv() {
            Ok(result) => Ok(result),
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err("the computation ended without an answer".to_owned()),
        };
        self.0 = None;
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait<T: Send + 'static>(job: &mut Job<T>) -> Result<T, String> {
        loop {
            if let Some(result) = job.poll() {
                return result;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_result_is_told_once() {
        let mut job = Job::default();
        job.start(|| 7);
        assert_eq!(wait(&mut job), Ok(7));
        assert!(!job.is_busy() && job.poll().is_none());
    }

    #[test]
    fn a_thread_that_breaks_down_is_an_error() {
        let mut job: Job<()> = Job::default();
        job.start(|| std::panic::panic_any("on purpose"));
        assert!(wait(&mut job).is_err());
    }
}
