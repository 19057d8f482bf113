//! [`Visit`]: what is said and heard from the moment a broker lets us in until it is gone.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until, timeout};

use super::broker::{Broker, Greeted, Incoming, Message};
use super::command::{Command, MOST_BYTES};
use super::error::MqttError;
use super::greeting::{OFFLINE, ONLINE};
use super::message::{answer_json, no_mood, song_json};
use super::note::MqttNote;
use super::outbox::{Outbox, Subject};
use super::settings::MqttSettings;
use super::workroom::Workroom;

/// Songs do not change more often than somebody presses a button.
const SONG_INTERVAL: Duration = Duration::from_millis(100);

/// For so long a broker may take to hear that we go.
const FAREWELL: Duration = Duration::from_secs(2);

/// So many messages are remembered, to know them when they come again.
const REMEMBERED: usize = 32;

/// Nothing to wait for.
const LONG: Duration = Duration::from_secs(3600);

/// What stays the same from one connection to the next.
pub(super) struct Visitor<'a> {
    pub(super) settings: &'a MqttSettings,
    pub(super) outbox: &'a Outbox,
    pub(super) workroom: &'a mut Workroom,
    pub(super) on_note: &'a mut (dyn FnMut(MqttNote) + Send),
}

/// One connection.
struct Visit<'v, 'a> {
    visitor: &'v mut Visitor<'a>,
    broker: Broker,
    mood: Said,
    song: Said,
    /// What was obeyed of late.
    obeyed: VecDeque<(u16, Vec<u8>)>,
}

/// What was said last of a subject.
struct Said {
    subject: Subject,
    /// The number of a message that the broker has not acknowledged.
    on_its_way: Option<u16>,
    /// Before that the next is not said.
    not_before: Instant,
    interval: Duration,
}

impl Visitor<'_> {
    /// Says and hears until the link is to end, which is no error, or the broker is gone.
    pub(super) async fn visit(&mut self, greeted: Greeted) -> Result<(), MqttError> {
        self.workroom.forget();
        if self.settings.retains {
            // It may have forgotten what it was to keep.
            self.outbox.say_again(Subject::Mood);
            self.outbox.say_again(Subject::Song);
        }
        if !greeted.is_heard {
            let topic = self.settings.topics.command.clone();
            (self.on_note)(MqttNote::NotHeard { topic });
        }
        let said = |subject, interval| Said {
            subject,
            on_its_way: None,
            not_before: Instant::now(),
            interval,
        };
        let mood = said(Subject::Mood, self.settings.interval);
        let mut visit = Visit {
            mood,
            song: said(Subject::Song, SONG_INTERVAL),
            broker: greeted.broker,
            obeyed: VecDeque::new(),
            visitor: self,
        };
        let done = visit.run(greeted.messages).await;
        let unheard = [&visit.mood, &visit.song].map(|said| {
            let id = said.on_its_way;
            (
                said.subject,
                id.is_some_and(|id| visit.broker.is_on_its_way(id)),
            )
        });
        match done {
            Ok(()) => {
                // Whatever it does not hear of that, it hears in our last will.
                let _ = timeout(FAREWELL, visit.farewell()).await;
                Ok(())
            }
            Err(error) => {
                for (subject, _) in unheard.into_iter().filter(|(_, is_unheard)| *is_unheard) {
                    visit.visitor.outbox.say_again(subject);
                }
                Err(error)
            }
        }
    }
}

impl Visit<'_, '_> {
    async fn run(&mut self, messages: Vec<Message>) -> Result<(), MqttError> {
        let topics = &self.visitor.settings.topics;
        self.broker
            .publish(&topics.availability, ONLINE.to_vec(), true)
            .await?;
        if let Some(home) = &self.visitor.settings.home_assistant {
            for (topic, config) in home.messages(topics) {
                self.broker.publish(&topic, config, true).await?;
            }
        }
        for message in messages {
            self.hear(message).await?;
        }
        loop {
            if self.visitor.outbox.ends() {
                return Ok(());
            }
            self.say_what_is_due().await?;
            let next = self.next_due();
            tokio::select! {
                bytes = self.broker.read() => {
                    let bytes = bytes?;
                    for incoming in self.broker.take_in(&bytes).await? {
                        if let Incoming::Message(message) = incoming {
                            self.hear(message).await?;
                        }
                    }
                }
                answer = self.visitor.workroom.answer() => self.answer(&answer).await?,
                () = self.visitor.outbox.changed() => {}
                () = sleep_until(next) => self.broker.tick().await?,
            }
        }
    }

    async fn say_what_is_due(&mut self) -> Result<(), MqttError> {
        let settings = self.visitor.settings;
        let now = Instant::now();
        for said in [&mut self.mood, &mut self.song] {
            if !said.may_be_said(&self.broker) || said.not_before > now {
                continue;
            }
            let Some(message) = self.visitor.outbox.take(said.subject) else {
                continue;
            };
            let topic = match said.subject {
                Subject::Mood => &settings.topics.mood,
                Subject::Song => &settings.topics.song,
            };
            said.not_before = now + said.interval;
            let id = self.broker.publish(topic, message, settings.retains).await;
            if id.is_err() {
                self.visitor.outbox.say_again(said.subject);
            }
            said.on_its_way = Some(id?);
        }
        Ok(())
    }

    /// When there is something to do, if nothing happens before.
    fn next_due(&self) -> Instant {
        let outbox = self.visitor.outbox;
        let said = [&self.mood, &self.song].into_iter();
        let said =
            said.filter(|said| outbox.is_due(said.subject) && said.may_be_said(&self.broker));
        let said = said.map(|said| said.not_before);
        let next = said.chain(self.broker.next_tick()).min();
        next.unwrap_or_else(|| Instant::now() + LONG)
    }

    /// Obeys a message, unless it is none that should be.
    async fn hear(&mut self, message: Message) -> Result<(), MqttError> {
        if message.is_kept {
            let topic = self.visitor.settings.topics.command.clone();
            (self.visitor.on_note)(MqttNote::Kept { topic });
            return Ok(());
        }
        if let Some(id) = message.id {
            let same =
                |(other, payload): &(u16, Vec<u8>)| (*other, payload) == (id, &message.payload);
            if message.is_repeated && self.obeyed.iter().any(same) {
                return Ok(());
            }
            self.obeyed.retain(|(other, _)| *other != id);
            // Longer ones are no commands.
            if message.payload.len() <= MOST_BYTES {
                self.obeyed.push_back((id, message.payload.clone()));
            }
            if self.obeyed.len() > REMEMBERED {
                self.obeyed.pop_front();
            }
        }
        let given = Command::parse(&message.payload)
            .map_err(|fault| fault.to_string())
            .and_then(|command| self.visitor.workroom.give(command));
        match given {
            Ok(()) => Ok(()),
            refused => self.answer(&refused).await,
        }
    }

    async fn answer(&mut self, answer: &Result<(), String>) -> Result<(), MqttError> {
        // Somebody who sends thousands does not wait for them.
        if !self.broker.keeps_up() {
            return Ok(());
        }
        let topic = &self.visitor.settings.topics.answer;
        let sent = self.broker.publish(topic, answer_json(answer), false).await;
        sent.map(drop)
    }

    /// Takes back what passes, says that we go, and goes when that was heard.
    async fn farewell(mut self) -> Result<(), MqttError> {
        let settings = self.visitor.settings;
        let topics = &settings.topics;
        let nothing = [
            (Subject::Mood, &topics.mood, no_mood(SystemTime::now())),
            (Subject::Song, &topics.song, song_json(None)),
        ];
        for (subject, topic, message) in nothing {
            if !self.visitor.outbox.was_said(subject) {
                continue;
            }
            self.broker.publish(topic, message, false).await?;
            if settings.retains {
                // An empty message removes the one that is kept.
                self.broker.publish(topic, Vec::new(), true).await?;
            }
        }
        let topic = &topics.availability;
        self.broker.publish(topic, OFFLINE.to_vec(), true).await?;
        while !self.broker.is_quiet() {
            let bytes = self.broker.read().await?;
            self.broker.take_in(&bytes).await?;
        }
        self.broker.close().await;
        Ok(())
    }
}

impl Said {
    /// Whether the broker has heard what was said before: there is never more than one on its way.
    fn may_be_said(&self, broker: &Broker) -> bool {
        !self.on_its_way.is_some_and(|id| broker.is_on_its_way(id))
    }
}
