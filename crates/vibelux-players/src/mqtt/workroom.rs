//! [`Workroom`]: the thread on which the caller does what commands say, so that one that takes long does not keep the broker waiting.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::command::Command;
use super::error::MqttError;
use super::outbox::Outbox;

/// So many commands may wait.
const MOST_WAITING: usize = 16;

/// What the caller does with a command; what is wrong, for people, if it cannot be done.
pub(super) type OnCommand = Box<dyn FnMut(Command) -> Result<(), String> + Send>;

/// Where commands are done. Its thread ends after the command that it is at when this is dropped.
pub(super) struct Workroom {
    commands: SyncSender<Command>,
    answers: UnboundedReceiver<Result<(), String>>,
}

impl Workroom {
    pub(super) fn open(on_command: OnCommand, outbox: Arc<Outbox>) -> Result<Self, MqttError> {
        let (commands, waiting) = sync_channel(MOST_WAITING);
        // There are never more answers than commands that waited.
        let (done, answers) = unbounded_channel();
        thread::Builder::new()
            .name("mqtt commands".to_owned())
            .spawn(move || work(on_command, &waiting, &done, &outbox))
            .map_err(MqttError::Thread)?;
        Ok(Self { commands, answers })
    }

    /// Has a command done; an answer now if it is not.
    pub(super) fn give(&self, command: Command) -> Result<(), String> {
        self.commands.try_send(command).map_err(|error| {
            match error {
                TrySendError::Full(_) => "too many commands wait; send it again later",
                TrySendError::Disconnected(_) => {
                    "commands are not obeyed any more; start vibelux anew"
                }
            }
            .to_owned()
        })
    }

    /// What became of a command, when one is done; of none, for ever, if none will be any more.
    pub(super) async fn answer(&mut self) -> Result<(), String> {
        match self.answers.recv().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// Forgets what became of commands: who sent them is not there any more.
    pub(super) fn forget(&mut self) {
        while self.answers.try_recv().is_ok() {}
    }
}

fn work(
    mut on_command: OnCommand,
    waiting: &Receiver<Command>,
    done: &UnboundedSender<Result<(), String>>,
    outbox: &Outbox,
) {
    while let Ok(command) = waiting.recv() {
        // What still waits at the end is not done after it.
        if outbox.ends() || done.send(on_command(command)).is_err() {
            return;
        }
    }
}
