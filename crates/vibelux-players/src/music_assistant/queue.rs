//! The queues of Music Assistant's players.

use serde_json::{Value, json};

use super::error::MusicAssistantError;
use super::reference::{address_of, is_true};
use super::server::MusicAssistant;

/// Songs in one command.
const CHUNK: usize = 500;

/// The queue of a player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerQueue {
    /// What Music Assistant calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether its player is there.
    pub is_available: bool,
    /// How many songs it has.
    pub songs: usize,
}

/// Where songs come into a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueOption {
    /// At its end.
    Add,
    /// After the one that plays.
    Next,
    /// In the place of all; the first of them plays.
    Replace,
}

impl MusicAssistant {
    /// The queues of all players.
    ///
    /// # Errors
    /// [`MusicAssistantError`].
    pub fn queues(&self) -> Result<Vec<PlayerQueue>, MusicAssistantError> {
        let command = "player_queues/all";
        let queues = self.list(command, &json!({}))?;
        let queues: Option<Vec<PlayerQueue>> = queues.iter().map(queue).collect();
        queues.ok_or_else(|| self.nonsense(command))
    }

    /// The songs of a queue, by [`crate::ServerSong::id`], in their order; what is no song of a library is left out.
    ///
    /// # Errors
    /// [`MusicAssistantError`].
    pub fn queued(&self, queue: &PlayerQueue) -> Result<Vec<String>, MusicAssistantError> {
        let command = "player_queues/items";
        let mut ids = Vec::new();
        let mut offset = 0;
        // A queue that grows meanwhile is read as far as it was long.
        while offset < queue.songs {
            let arguments = json!({ "queue_id": queue.id, "limit": CHUNK, "offset": offset });
            let items = self.list(command, &arguments)?;
            if items.is_empty() {
                break;
            }
            offset += items.len();
            ids.extend(
                items
                    .iter()
                    .filter_map(|item| address_of(&item["media_item"])),
            );
        }
        Ok(ids)
    }

    /// Puts songs, by [`crate::ServerSong::id`], into the queue of a player.
    ///
    /// # Errors
    /// [`MusicAssistantError`]; if there are more than 500 songs, those of the first commands may be in the queue.
    pub fn enqueue(
        &self,
        queue: &str,
        ids: &[String],
        option: QueueOption,
    ) -> Result<(), MusicAssistantError> {
        if ids.is_empty() {
            return Err(MusicAssistantError::Empty);
        }
        let chunks: Vec<&[String]> = match option {
            // What is put after the song that plays last is played first.
            QueueOption::Next => ids.chunks(CHUNK).rev().collect(),
            QueueOption::Add | QueueOption::Replace => ids.chunks(CHUNK).collect(),
        };
        for (place, chunk) in chunks.into_iter().enumerate() {
            let option = match option {
                QueueOption::Next => "next",
                QueueOption::Replace if place == 0 => "replace",
                QueueOption::Add | QueueOption::Replace => "add",
            };
            let arguments = json!({ "queue_id": queue, "media": chunk, "option": option });
            self.command("player_queues/play_media", &arguments, false)?;
        }
        Ok(())
    }
}

fn queue(item: &Value) -> Option<PlayerQueue> {
    Some(PlayerQueue {
        id: item["queue_id"].as_str()?.to_owned(),
        name: item["display_name"].as_str().unwrap_or_default().to_owned(),
        is_available: is_true(&item["available"]),
        songs: usize::try_from(item["items"].as_u64().unwrap_or_default()).ok()?,
    })
}
