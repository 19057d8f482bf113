//! [`Outbox`]: what the caller wants said, and whether the broker hears it. Of each thing only the latest is kept, so nothing piles up while
//! the broker is away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What is between the caller and the thread of the link.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    inner: Mutex<Inner>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    mood: Slot,
    song: Slot,
    state: MqttState,
    ends: bool,
}

/// Which of the things that are said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The mood.
    Mood,
    /// What plays.
    Song,
}

/// The latest of one subject.
#[derive(Debug, Default)]
struct Slot {
    latest: Option<Vec<u8>>,
    is_due: bool,
}

/// How the link is at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MqttState {
    /// The broker hears us.
    Connected,
    /// It does not, and is called again and again.
    #[default]
    Away,
    /// It does not and is not called any more, for this reason.
    Ended {
        /// The reason, for people.
        why: String,
    },
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing under it is left half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, subject: Subject, message: Vec<u8>) {
        let mut inner = self.lock();
        let slot = inner.slot(subject);
        if slot.latest.as_ref() == Some(&message) {
            return;
        }
        slot.latest = Some(message);
        slot.is_due = true;
        drop(inner);
        self.wake.notify_one();
    }

    /// What is to be said now, if anything is new.
    pub(super) fn take(&self, subject: Subject) -> Option<Vec<u8>> {
        let mut inner = self.lock();
        let slot = inner.slot(subject);
        let is_due = std::mem::take(&mut slot.is_due);
        slot.latest.clone().filter(|_| is_due)
    }

    pub(super) fn is_due(&self, subject: Subject) -> bool {
        self.lock().slot(subject).is_due
    }

    /// Whether anything was ever said of it.
    pub(super) fn was_said(&self, subject: Subject) -> bool {
        self.lock().slot(subject).latest.is_some()
    }

    /// The broker may not have heard the latest, or may have forgotten it.
    pub(super) fn say_again(&self, subject: Subject) {
        let mut inner = self.lock();
        let slot = inner.slot(subject);
        slot.is_due = slot.latest.is_some();
    }

    pub(super) fn state(&self) -> MqttState {
        self.lock().state.clone()
    }

    pub(super) fn set_state(&self, state: MqttState) {
        self.lock().state = state;
    }

    /// Says that the link is to end.
    pub(super) fn end(&self) {
        self.lock().ends = true;
        self.wake.notify_one();
    }

    pub(super) fn ends(&self) -> bool {
        self.lock().ends
    }

    /// Until something was put in, or the link is to end. Only one may wait.
    pub(super) async fn changed(&self) {
        self.wake.notified().await;
    }

    /// Until the link is to end. Only one may wait.
    pub(super) async fn ended(&self) {
        while !self.ends() {
            self.changed().await;
        }
    }
}

impl Inner {
    fn slot(&mut self, subject: Subject) -> &mut Slot {
        match subject {
            Subject::Mood => &mut self.mood,
            Subject::Song => &mut self.song,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_is_said_and_once() {
        let outbox = Outbox::default();
        assert_eq!(outbox.take(Subject::Mood), None);
        outbox.say_again(Subject::Mood);
        assert!(!outbox.is_due(Subject::Mood), "nothing was said");
        for number in 0..100 {
            outbox.put(Subject::Mood, vec![number]);
        }
        assert!(!outbox.is_due(Subject::Song));
        assert_eq!(outbox.take(Subject::Mood), Some(vec![99]));
        assert_eq!(outbox.take(Subject::Mood), None);
        outbox.say_again(Subject::Mood);
        assert_eq!(outbox.take(Subject::Mood), Some(vec![99]));
    }
}
