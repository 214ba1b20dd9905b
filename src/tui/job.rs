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

/// How far behind the screen and the trainings long work stands: of a processor that both want it gets a quarter.
const NICE: i32 = 5;

/// Does `work` on a pool of its own: what the screens compute does not wait for it.
pub fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let pool = rayon::ThreadPoolBuilder::new().start_handler(|_| stand_back()).build();
    Ok(pool.map_err(|error| error.to_string())?.install(work))
}

/// Puts this thread, and the processes that it starts, behind the others. Only Linux has priorities of threads; elsewhere
/// the screen would stand back, too.
pub fn stand_back() {
    #[cfg(target_os = "linux")]
    // Where it may not, it is slower for others: no reason to fail.
    let _ = rustix::process::nice(NICE);
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

    #[cfg(target_os = "linux")]
    #[test]
    fn long_work_stands_back_and_nothing_else_does() {
        let nice = || rustix::process::getpriority_process(None).expect("known");
        let before = nice();
        assert_eq!((apart(nice), nice()), (Ok((before + NICE).min(19)), before));
    }

    #[test]
    fn a_thread_that_breaks_down_is_an_error() {
        let mut job: Job<()> = Job::default();
        job.start(|| std::panic::panic_any("on purpose"));
        assert!(wait(&mut job).is_err());
    }
}
