//! One live socket from its opening to its end.
//!
//! At most one frame is worked on and one waits: a frame that comes meanwhile takes the waiting one's
//! place, so a slow computer shows the present, not a growing past. Nothing here queues without bound.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, timeout};

use super::message::{Answer, ClientMessage, Frame, Hello, LiveError, MAX_FRAME_BYTES};
use super::session::Session;
use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::security::Role;
use crate::state::{App, Shared};

/// A larger message ends the connection before it is read as a whole; up to there it is answered.
const MAX_MESSAGE_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// Text messages that wait while a frame is worked on; more are refused.
const MAX_WAITING_MESSAGES: usize = 16;

/// A client that only sends what cannot be used is not one.
const MAX_REFUSALS: u32 = 100;

/// How long the last word may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// `GET live`.
pub async fn live(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| {
        ApiError::BadRequest("this address is a WebSocket; open it as one".to_owned())
    })?;
    let place = Arc::clone(app.sockets(role))
        .try_acquire_owned()
        .map_err(|_| ApiError::Busy("too many cameras are live; close another page first"))?;
    Ok(upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| run(app, socket, place)))
}

async fn run(app: Shared, socket: WebSocket, place: OwnedSemaphorePermit) {
    let model = Arc::clone(&app.face_model);
    // A detector takes some milliseconds to make.
    let Ok(Ok(session)) = blocking(move || Session::new(model, Instant::now())).await else {
        return;
    };
    let mut live = Live {
        app: &app,
        socket,
        session: Some(Box::new(session)),
        work: None,
        waiting: None,
        messages: Vec::new(),
        refusals: 0,
        pong_due: false,
    };
    let close = live.serve().await;
    live.close(close).await;
    // A frame that is still worked on keeps its core, not the place.
    drop(place);
}

/// What became of a frame, with the session that was lent to the work.
type Work = JoinHandle<(Box<Session>, Result<Answer, LiveError>)>;

/// One socket.
struct Live<'a> {
    app: &'a App,
    socket: WebSocket,
    /// Here while no frame is worked on.
    session: Option<Box<Session>>,
    work: Option<Work>,
    waiting: Option<(Frame, Instant)>,
    messages: Vec<ClientMessage>,
    refusals: u32,
    /// A ping was sent that nobody has answered yet.
    pong_due: bool,
}

/// How a socket ends: a code and a reason for the client, or nothing as it is gone.
type End = Option<(u16, &'static str)>;

impl Live<'_> {
    /// Serves until the client or the server ends it.
    async fn serve(&mut self) -> End {
        let mut stopping = self.app.stopping.clone();
        let mut pings = tokio::time::interval(self.app.limits.ping);
        pings.reset();
        // After a pause (the computer slept) the client gets its time as always.
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if self.tell(&Hello::default()).await.is_break() {
            return None;
        }
        loop {
            let event = tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => Event::Stop,
                _ = pings.tick() => Event::Ping,
                message = self.socket.recv() => Event::Message(message),
                done = finished(&mut self.work) => Event::Done(done),
            };
            let flow = match event {
                Event::Stop => return Some((close_code::AWAY, "the server stops")),
                Event::Ping if self.pong_due => return None,
                Event::Ping => {
                    self.pong_due = true;
                    self.send(Message::Ping(Bytes::new())).await
                }
                Event::Message(message) => self.receive(message).await,
                Event::Done(done) => self.answer(done).await,
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
            self.begin_work();
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> ControlFlow<End> {
        let message = match message {
            None => return ControlFlow::Break(None),
            // Garbage, or larger than anything that is answered.
            Some(Err(_)) => {
                return ControlFlow::Break(Some((close_code::SIZE, "no such message is taken")));
            }
            Some(Ok(message)) => message,
        };
        let refused = match message {
            Message::Binary(bytes) => match Frame::parse(bytes) {
                Ok(frame) => {
                    self.waiting = Some((frame, Instant::now()));
                    None
                }
                Err(error) => Some(error),
            },
            Message::Text(text) => self.obey(text.as_str()).err(),
            Message::Pong(_) => {
                self.pong_due = false;
                None
            }
            Message::Ping(_) => None,
            Message::Close(_) => return ControlFlow::Break(None),
        };
        match refused {
            Some(error) => self.refuse(&error).await,
            None => ControlFlow::Continue(()),
        }
    }

    fn obey(&mut self, text: &str) -> Result<(), LiveError> {
        let message = ClientMessage::parse(text)?;
        match &mut self.session {
            Some(session) => session.obey(&message),
            None if self.messages.len() < MAX_WAITING_MESSAGES => self.messages.push(message),
            None => {
                let message = "messages come faster than they can be followed; send fewer";
                return Err(LiveError::new("too_many_messages", message));
            }
        }
        Ok(())
    }

    /// Works on the frame that waits, if none is worked on.
    fn begin_work(&mut self) {
        // Both or neither: what is taken and not used would be lost.
        if self.waiting.is_none() || self.session.is_none() {
            return;
        }
        let (Some(mut session), Some((frame, received))) =
            (self.session.take(), self.waiting.take())
        else {
            return;
        };
        let cores = Arc::clone(&self.app.cores);
        self.work = Some(tokio::spawn(async move {
            // Sockets take turns. The semaphore is never closed.
            let _core = cores.acquire_owned().await;
            let work = tokio::task::spawn_blocking(move || {
                let answer = session.look(&frame, received);
                (session, answer)
            });
            match work.await {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
        }));
    }

    async fn answer(&mut self, done: Finished) -> ControlFlow<End> {
        let Ok((mut session, answer)) = done else {
            return ControlFlow::Break(Some((close_code::ERROR, "a mistake in vibelux")));
        };
        for message in self.messages.drain(..) {
            session.obey(&message);
        }
        self.session = Some(session);
        match answer {
            Ok(answer) => {
                self.refusals = 0;
                self.tell(&answer).await
            }
            Err(error) => self.refuse(&error).await,
        }
    }

    async fn refuse(&mut self, error: &LiveError) -> ControlFlow<End> {
        self.refusals += 1;
        self.tell(error).await?;
        if self.refusals > MAX_REFUSALS {
            return ControlFlow::Break(Some((close_code::POLICY, "nothing of this can be used")));
        }
        ControlFlow::Continue(())
    }

    async fn tell(&mut self, message: &impl Serialize) -> ControlFlow<End> {
        match serde_json::to_string(message) {
            Ok(text) => self.send(Message::Text(text.into())).await,
            Err(_) => ControlFlow::Break(Some((close_code::ERROR, "a mistake in vibelux"))),
        }
    }

    /// Sends, unless the client does not take it in time.
    async fn send(&mut self, message: Message) -> ControlFlow<End> {
        match timeout(self.app.limits.send, self.socket.send(message)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(None),
        }
    }

    async fn close(&mut self, end: End) {
        let frame = end.map(|(code, reason)| CloseFrame {
            code,
            reason: reason.into(),
        });
        // Whoever does not listen any more need not be told.
        let _ = timeout(CLOSE_PATIENCE, self.socket.send(Message::Close(frame))).await;
    }
}

/// What a socket waits for.
enum Event {
    Stop,
    Ping,
    Message(Option<Result<Message, axum::Error>>),
    Done(Finished),
}

/// A frame's end; an error if the work panicked.
type Finished = Result<(Box<Session>, Result<Answer, LiveError>), tokio::task::JoinError>;

/// Waits for the work; for ever if there is none.
async fn finished(work: &mut Option<Work>) -> Finished {
    match work {
        Some(running) => {
            let done = running.await;
            *work = None;
            done
        }
        None => std::future::pending().await,
    }
}
