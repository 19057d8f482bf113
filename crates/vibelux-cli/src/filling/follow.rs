//! [`FollowFlags`]: keeps the queue of a player filled until stopped.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use vibelux::EmotionVector;
use vibelux::library::unix_seconds;
use vibelux_players::Tick;

use super::moods;
use super::names::SongNames;
use super::songs::LibrarySongs;
use crate::interrupt::stop_on_ctrl_c;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::sought::{SoughtArgs, SoughtLibrary, needed};

/// How often the player is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// For so long it may be away, as when it is started anew or its machine sleeps.
const PATIENCE: Duration = Duration::from_secs(600);

/// How much fitting counts: not all, so that the same mood has other songs another time.
const STRENGTH: f64 = 0.7;

/// So many times in a row it may refuse.
const MOST_REFUSED: usize = 5;

/// Over so many songs a journey leads.
const JOURNEY: usize = 12;

/// A player whose queue is kept filled.
pub trait Followed {
    /// What people call it.
    fn called(&self) -> String;

    /// Where it is, as it is told at the beginning.
    fn place(&self) -> String;

    /// Looks at it and does what is to be done.
    fn tick(&mut self, songs: &mut LibrarySongs) -> Result<Tick, Trouble>;

    /// The mood has become another.
    fn change(&mut self);

    /// It was away: what is there now may be another than before.
    fn reconnect(&mut self);
}

/// Why a player was not looked at.
pub enum Trouble {
    /// It is away, and may come back: why.
    Away(String),
    /// It refuses, as when somebody changes the queue at the same time.
    Refused(anyhow::Error),
    /// It will not get better by itself.
    Lasting(anyhow::Error),
}

/// What `follow` of every player takes.
#[derive(Debug, clap::Args)]
#[command(
    group = needed().arg("stdin"),
    after_help = "What plays is never touched, nor songs that others put into the queue. It can be stopped with Ctrl-C at any moment; the queue \
    stays as it is.\n\nExit codes: 0 stopped, 2 could not run or go on, 3 no face found."
)]
pub struct FollowFlags {
    #[command(flatten)]
    sought: SoughtArgs,
    /// Read moods from standard input, one a line, such as happy=0.7,sad=0.3: the queue follows each
    #[arg(long, group = "source")]
    stdin: bool,
    /// Keep so many songs after the one that plays
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub ahead: u16,
    /// At first, take out what comes after the song that plays, whoever put it in
    #[arg(long)]
    pub replace: bool,
    /// Only fill the queue, and leave it to you when to play
    #[arg(long)]
    pub no_play: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

impl FollowFlags {
    /// Lets a player follow that is there now: who is not is misspelt rather than away.
    ///
    /// # Errors
    /// If the flags, the library or the player say so.
    pub fn run(
        &self,
        player: &mut dyn Followed,
        names: Box<dyn SongNames>,
    ) -> anyhow::Result<ExitCode> {
        let store = self.library.open_soon()?;
        let library = SoughtLibrary::load(&self.sought, &store)?;
        let stop = stop_on_ctrl_c("stopping")?;
        let (sender, moods) = mpsc::channel();
        let first = if self.stdin {
            None
        } else {
            Some(self.sought.wish(&library, JOURNEY, STRENGTH)?)
        };
        thread::scope(|scope| {
            if self.stdin {
                // It waits for lines as long as there may be some, and nobody waits for it.
                thread::spawn(move || moods::read_lines(&sender));
            } else if let Some(source) = self.sought.source.camera() {
                let stop = &stop;
                scope.spawn(move || {
                    let args = &self.sought.source;
                    if let Err(error) = moods::watch(source, args, stop, &sender) {
                        let error = vibelux::error_text::with_causes(error.as_ref());
                        crate::tell!("vibelux: {error}; the queue stays with the last mood");
                    }
                });
            } else {
                drop(sender);
            }
            let mut first = match first {
                Some(wish) => wish,
                None => {
                    let Some(mood) = first_mood(&moods, &stop) else {
                        anyhow::ensure!(
                            stop.load(Ordering::Relaxed),
                            "standard input has ended without a mood; give one a line, such as happy=0.7,sad=0.3"
                        );
                        return Ok(());
                    };
                    tell_mood(&mood);
                    self.sought
                        .wish_of_mood(&library, mood, JOURNEY, STRENGTH)?
                }
            };
            first.request.seed = self.seed();
            let songs = LibrarySongs::new(library, names, first);
            let followed = self.follow(player, songs, &moods, &stop);
            // Whoever watches a camera ends too.
            stop.store(true, Ordering::Relaxed);
            followed
        })?;
        Ok(ExitCode::SUCCESS)
    }

    /// Each time another one, unless it is said.
    fn seed(&self) -> u64 {
        self.sought.seed.unwrap_or_else(unix_seconds)
    }

    fn follow(
        &self,
        player: &mut dyn Followed,
        mut songs: LibrarySongs,
        moods: &Receiver<EmotionVector>,
        stop: &AtomicBool,
    ) -> anyhow::Result<()> {
        let mut away: Option<Instant> = None;
        let mut refused = 0;
        let mut is_first = true;
        let mut is_random_told = false;
        while !stop.load(Ordering::Relaxed) {
            if let Some(mood) = moods.try_iter().last() {
                tell_mood(&mood);
                let library = songs.library();
                let mut wish = self.sought.wish_of_mood(library, mood, JOURNEY, STRENGTH)?;
                wish.request.seed = self.seed();
                songs.set_wish(wish);
                player.change();
            }
            match player.tick(&mut songs) {
                Ok(tick) => {
                    refused = 0;
                    if std::mem::take(&mut is_first) {
                        tell_start(player, &tick);
                    }
                    if away.take().is_some() {
                        crate::tell!("{} is there again", player.called());
                    }
                    if tick.is_random && !is_random_told {
                        crate::tell!(
                            "{} plays in an order of its own (random is on), so the mood only decides what is in the queue",
                            player.called()
                        );
                        is_random_told = true;
                    }
                    tell_tick(player, &tick, &songs)?;
                }
                Err(Trouble::Away(error)) => wait(&error, &mut away, player)?,
                // Somebody may have changed the queue between two questions.
                Err(Trouble::Refused(_)) if refused < MOST_REFUSED => refused += 1,
                Err(Trouble::Refused(error) | Trouble::Lasting(error)) => return Err(error),
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

/// The first mood that is sent; `None` if there will be none.
fn first_mood(moods: &Receiver<EmotionVector>, stop: &AtomicBool) -> Option<EmotionVector> {
    while !stop.load(Ordering::Relaxed) {
        match moods.recv_timeout(LOOK) {
            Ok(mood) => return Some(mood),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    None
}

/// Has patience with a player that is away, up to a limit.
fn wait(error: &str, away: &mut Option<Instant>, player: &mut dyn Followed) -> anyhow::Result<()> {
    player.reconnect();
    let minutes = PATIENCE.as_secs() / 60;
    let Some(since) = away else {
        crate::tell!("{error}; trying again for {minutes} minutes");
        *away = Some(Instant::now());
        return Ok(());
    };
    if since.elapsed() > PATIENCE {
        anyhow::bail!(
            "{} was away for {minutes} minutes: {error}",
            player.called()
        );
    }
    thread::sleep(Duration::from_secs(2));
    Ok(())
}

fn tell_start(player: &dyn Followed, tick: &Tick) {
    let others = match tick.of_others {
        0 => String::new(),
        count => format!(
            "; {} of others come first, and --replace takes them out",
            output::songs(count)
        ),
    };
    crate::tell!("following at {}{others}; Ctrl-C ends it", player.place());
}

fn tell_mood(mood: &EmotionVector) {
    let strongest = mood.strongest();
    crate::tell!("mood: {strongest} {:.0} %", 100.0 * mood.get(strongest));
}

fn tell_tick(player: &dyn Followed, tick: &Tick, songs: &LibrarySongs) -> anyhow::Result<()> {
    let mut text = String::new();
    if let Some(song) = tick.began {
        text += &format!("plays    {}\n", songs.title(song));
    }
    if tick.removed > 0 {
        text += &format!("taken out {} for the mood\n", output::songs(tick.removed));
    }
    for &song in &tick.added {
        text += &format!("queued   {}\n", songs.title(song));
    }
    for &song in &tick.unknown {
        let path = songs.library().songs.table.path(song);
        crate::tell!(
            "{} does not know {}",
            player.called(),
            output::readable(&path)
        );
    }
    output::print(&text)
}
