//! The queue of an MPD, as what fills queues wants it.

use super::client::Mpd;
use super::error::MpdError;
use crate::queue::{PlayerQueue, QueueStatus, QueuedSong};

impl PlayerQueue for Mpd {
    type Error = MpdError;

    fn status(&mut self) -> Result<QueueStatus, MpdError> {
        Self::status(self)
    }

    fn queue(&mut self, from: usize, most: usize) -> Result<Vec<QueuedSong>, MpdError> {
        Self::queue(self, from, most)
    }

    fn add(&mut self, name: &str) -> Result<u64, MpdError> {
        Self::add(self, name)
    }

    fn delete(&mut self, id: u64) -> Result<bool, MpdError> {
        Self::delete(self, id).map(|()| true)
    }

    fn play(&mut self, id: u64) -> Result<(), MpdError> {
        Self::play(self, id)
    }

    fn is_absent(error: &MpdError) -> bool {
        error.is_absent()
    }

    fn takes_none(&self, tried: usize, example: String) -> MpdError {
        MpdError::Unknown {
            address: self.address().clone(),
            tried,
            example,
        }
    }
}
