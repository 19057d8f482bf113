//! [`PlayerQueue`]: what is needed of a player's queue to fill it, whichever player it is. `mpd` and `mpris` have one.

/// Whether a player plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayState {
    /// It plays.
    Play,
    /// It pauses.
    Pause,
    /// It does neither.
    Stop,
}

/// How a player is at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueStatus {
    /// Whether it plays.
    pub state: PlayState,
    /// The place in the queue and the number of the song that plays, pauses or would play; `None` if all of the queue was played.
    pub song: Option<(usize, u64)>,
    /// How many songs the queue has.
    pub queue_length: usize,
    /// How long the song will still play, in seconds.
    pub left_seconds: Option<f64>,
    /// Whether songs come in an order of the player's own.
    pub is_random: bool,
}

/// A song of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedSong {
    /// Its number, as long as it is in the queue and the player runs.
    pub id: u64,
    /// Its place in the queue, from 0.
    pub place: usize,
    /// What the player calls it.
    pub name: String,
}

/// The queue of a player.
pub trait PlayerQueue {
    /// Why it does not do what it is asked for.
    type Error: std::error::Error;

    /// How the player is.
    ///
    /// # Errors
    /// If it does not say, as of all that follow.
    fn status(&mut self) -> Result<QueueStatus, Self::Error>;

    /// The songs of the queue from one place on, at most so many.
    ///
    /// # Errors
    /// If it does not say.
    fn queue(&mut self, from: usize, most: usize) -> Result<Vec<QueuedSong>, Self::Error>;

    /// Puts a song at the end of the queue; its number.
    ///
    /// # Errors
    /// One that [`Self::is_absent`] knows if the player does not take the song.
    fn add(&mut self, name: &str) -> Result<u64, Self::Error>;

    /// Takes a song out of the queue; whether it did. One that is not in it any more is no error.
    ///
    /// # Errors
    /// If it refuses.
    fn delete(&mut self, id: u64) -> Result<bool, Self::Error>;

    /// Plays the song with this number.
    ///
    /// # Errors
    /// If it refuses.
    fn play(&mut self, id: u64) -> Result<(), Self::Error>;

    /// Whether the player says so of a song that it does not know or take.
    fn is_absent(error: &Self::Error) -> bool;

    /// The error that it takes none of so many songs, one of which is called so.
    fn takes_none(&self, tried: usize, example: String) -> Self::Error;
}
