//! [`MqttLink`]: the thread that keeps a broker told, and calls it again when it was gone.

use std::hash::{BuildHasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use tokio::time::{sleep, timeout};

use super::broker::{Broker, Greeted};
use super::command::Command;
use super::error::MqttError;
use super::message::{MoodMessage, SongMessage, no_mood, song_json};
use super::note::MqttNote;
use super::outbox::{MqttState, Outbox, Subject};
use super::settings::MqttSettings;
use super::visit::Visitor;
use super::workroom::Workroom;

/// For so long a broker may take to let us in.
const GREETING: Duration = Duration::from_secs(9);

/// The first and the longest time between two calls.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// So often in a row a broker that once let us in may refuse our password: while it starts, its list of users may not be there yet.
const MOST_REFUSALS: u32 = 10;

/// A broker that hears of moods and songs, and sends commands. When this is dropped it hears that we are gone, which takes two seconds at the most
/// (seven where the broker hangs); a command that is being done is not waited for.
///
/// None of its methods waits for the broker, so they may be called from asynchronous code too; [`Self::start`] does.
#[derive(Debug)]
pub struct MqttLink {
    outbox: Arc<Outbox>,
    thread: Option<JoinHandle<()>>,
}

impl MqttLink {
    /// Calls the broker, and stays with it. Waits until it lets us in, for ten seconds at the most.
    ///
    /// `on_command` does what somebody wants, on a thread of its own, one command after the other; what it says is wrong is sent as the answer.
    /// `on_note` gets what may be worth a line for the user, and should not take long.
    ///
    /// # Errors
    /// [`MqttError`] if the broker does not let us in; it is not called again then.
    pub fn start(
        settings: MqttSettings,
        on_command: impl FnMut(Command) -> Result<(), String> + Send + 'static,
        on_note: impl FnMut(MqttNote) + Send + 'static,
    ) -> Result<Self, MqttError> {
        let outbox = Arc::new(Outbox::default());
        let workroom = Workroom::open(Box::new(on_command), Arc::clone(&outbox))?;
        let (started, starts) = sync_channel(1);
        let mut link = Link {
            client: client(),
            first_wait: FIRST_WAIT,
            settings,
            outbox: Arc::clone(&outbox),
            workroom,
            on_note: Box::new(on_note),
        };
        let thread = thread::Builder::new()
            .name("mqtt".to_owned())
            .spawn(move || {
                let run = AssertUnwindSafe(|| link.run(&started));
                if catch_unwind(run).is_err() {
                    // Whatever a broker sends, the program goes on, and says so.
                    let why = "a fault in vibelux ended the link to the MQTT broker".to_owned();
                    link.outbox.set_state(MqttState::Ended { why });
                }
            })
            .map_err(MqttError::Thread)?;
        let this = Self {
            outbox,
            thread: Some(thread),
        };
        match starts.recv() {
            Ok(Ok(())) => Ok(this),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(MqttError::Thread(std::io::Error::other("it ended early"))),
        }
    }

    /// Says a mood: the latest one, when the last was said long enough ago and the broker is there.
    pub fn publish_mood(&self, mood: &MoodMessage) {
        self.outbox.put(Subject::Mood, mood.to_json());
    }

    /// Says that there is no mood: nobody is looked at.
    pub fn clear_mood(&self) {
        self.outbox.put(Subject::Mood, no_mood(SystemTime::now()));
    }

    /// Says what plays, or that nothing does.
    pub fn publish_song(&self, song: Option<&SongMessage>) {
        self.outbox.put(Subject::Song, song_json(song));
    }

    /// How it is.
    #[must_use]
    pub fn state(&self) -> MqttState {
        self.outbox.state()
    }
}

impl Drop for MqttLink {
    fn drop(&mut self) {
        self.outbox.end();
        if let Some(thread) = self.thread.take() {
            // It may be this thread that drops it, in a note; then it ends by itself.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// What the thread works with.
struct Link {
    settings: MqttSettings,
    /// By this name the broker knows us. It is another one for each link, as a broker throws out who has the same.
    client: String,
    /// After so long a broker that is gone is called first.
    first_wait: Duration,
    outbox: Arc<Outbox>,
    workroom: Workroom,
    on_note: Box<dyn FnMut(MqttNote) + Send>,
}

impl Link {
    fn run(&mut self, started: &SyncSender<Result<(), MqttError>>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let _ = started.send(Err(MqttError::Thread(error)));
                return;
            }
        };
        let outbox = Arc::clone(&self.outbox);
        runtime.block_on(async {
            let first = match self.greet().await {
                Ok(first) => first,
                Err(error) => {
                    // Somebody waits for it.
                    let _ = started.send(Err(error));
                    return;
                }
            };
            outbox.set_state(MqttState::Connected);
            let _ = started.send(Ok(()));
            if let Err(why) = self.stay(first).await {
                let reason = why.to_string();
                outbox.set_state(MqttState::Ended { why: reason });
                (self.on_note)(MqttNote::GaveUp { why });
            }
        });
        // A look-up of a name that hangs is not waited for.
        runtime.shutdown_background();
    }

    async fn greet(&self) -> Result<Greeted, MqttError> {
        let greeting = Broker::greet(&self.settings, &self.client);
        let in_time = timeout(GREETING, greeting).await;
        in_time.unwrap_or_else(|_| {
            Err(MqttError::Silent {
                address: self.settings.address.clone(),
                seconds: GREETING.as_secs(),
            })
        })
    }

    /// From one connection to the next, until the link is to end; an error if the broker does not want us any more.
    async fn stay(&mut self, first: Greeted) -> Result<(), MqttError> {
        let mut greeted = first;
        loop {
            let mut visitor = Visitor {
                settings: &self.settings,
                outbox: &self.outbox,
                workroom: &mut self.workroom,
                on_note: &mut self.on_note,
            };
            let Err(why) = visitor.visit(greeted).await else {
                return Ok(());
            };
            self.outbox.set_state(MqttState::Away);
            (self.on_note)(MqttNote::Lost { why });
            let outbox = Arc::clone(&self.outbox);
            greeted = tokio::select! {
                again = self.call_again() => again?,
                () = outbox.ended() => return Ok(()),
            };
            self.outbox.set_state(MqttState::Connected);
            let address = self.settings.address.clone();
            (self.on_note)(MqttNote::Connected { address });
        }
    }

    /// Calls until somebody answers.
    async fn call_again(&self) -> Result<Greeted, MqttError> {
        let mut wait = self.first_wait;
        let mut refusals = 0;
        loop {
            sleep(wait.mul_f64(jitter())).await;
            match self.greet().await {
                Ok(greeted) => return Ok(greeted),
                Err(error) if error.is_refused_user() => {
                    refusals += 1;
                    if refusals == MOST_REFUSALS {
                        return Err(error);
                    }
                }
                Err(_) => refusals = 0,
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

/// Letters and digits, 23 at the most: all that each broker takes.
fn client() -> String {
    format!("vibelux{:016x}", chance())
}

/// From 0.75 to 1: not all who lost a broker call it at the same moment.
fn jitter() -> f64 {
    0.75 + (chance() % 256) as f64 / 1024.0
}

fn chance() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A broker that is full, then refuses everybody, and how often it was called.
    fn refusing(full: u32) -> (u16, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1000]);
                let is_full = count.fetch_add(1, Ordering::SeqCst) < full;
                let _ = stream.write_all(&[0x20, 2, 0, if is_full { 3 } else { 5 }]);
            }
        });
        (port, calls)
    }

    #[tokio::test]
    async fn who_is_refused_for_long_does_not_try_for_ever() {
        let (port, calls) = refusing(3);
        let address = format!("mqtt://me:word@127.0.0.1:{port}").parse().unwrap();
        let outbox = Arc::new(Outbox::default());
        let link = Link {
            settings: MqttSettings::new(address, "vibelux").unwrap(),
            client: client(),
            first_wait: Duration::from_micros(100),
            workroom: Workroom::open(Box::new(|_| Ok(())), Arc::clone(&outbox)).unwrap(),
            outbox,
            on_note: Box::new(|_| {}),
        };
        let given_up = link.call_again().await;
        assert!(given_up.is_err_and(|error| error.is_refused_user()));
        assert_eq!(calls.load(Ordering::SeqCst), 3 + MOST_REFUSALS);
    }

    #[test]
    fn each_link_has_a_name_that_all_brokers_take() {
        let name = client();
        assert_eq!(name.len(), 23);
        assert!(name.chars().all(|sign| sign.is_ascii_alphanumeric()));
        assert_ne!(name, client());
        assert!((0.75..=1.0).contains(&jitter()));
    }
}
