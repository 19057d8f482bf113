//! [`Shared`]: the place between the thread that reads frames and the one that wants them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::face::GreyImage;

/// Where the reading thread leaves frames.
#[derive(Debug, Default)]
struct Slot {
    frame: Option<GreyImage>,
    /// The pipe is at its end.
    ended: bool,
    /// Nobody wants frames any more.
    closed: bool,
}

/// The slot, and the news that it has changed.
#[derive(Debug, Default)]
pub(super) struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A panic elsewhere leaves a slot that is still a slot.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that no more frames come.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Says that nobody wants frames any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Leaves a frame; of a live source in place of one not yet taken. False once nobody wants more.
    pub(super) fn put(&self, frame: GreyImage, live: bool) -> bool {
        let mut slot = self.lock();
        while !live && slot.frame.is_some() && !slot.closed {
            slot = self
                .changed
                .wait(slot)
                .unwrap_or_else(PoisonError::into_inner);
        }
        slot.frame = Some(frame);
        self.changed.notify_all();
        !slot.closed
    }

    /// The next frame, waited for at most that long.
    pub(super) fn take(&self, timeout: Duration) -> Taken {
        let deadline = Instant::now() + timeout;
        let mut slot = self.lock();
        loop {
            if let Some(frame) = slot.frame.take() {
                self.changed.notify_all();
                return Taken::Frame(frame);
            }
            if slot.ended {
                return Taken::End;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Taken::TimedOut;
            }
            let waited = self.changed.wait_timeout(slot, left);
            slot = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// What came of waiting.
#[derive(Debug)]
pub(super) enum Taken {
    Frame(GreyImage),
    End,
    TimedOut,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_source_keeps_only_its_newest_frame() {
        let shared = Shared::default();
        let frame = |value| GreyImage::new(1, 1, vec![value]).unwrap();
        assert!(shared.put(frame(1), true) && shared.put(frame(2), true));
        assert!(matches!(
            shared.take(Duration::ZERO),
            Taken::Frame(frame) if frame.pixels == [2]
        ));
        assert!(matches!(shared.take(Duration::ZERO), Taken::TimedOut));
    }
}
