//! What a worker does with each task of the queue.

use std::time::Duration;

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerContextExt};
use vibelux::library::QueuedJob;

use crate::queue;
use crate::task::{FinishTask, SongTask};
use crate::worker::Hands;

/// After so long it is looked again whether all songs are done.
const NEXT_LOOK: Duration = Duration::from_secs(2);

impl TaskHandler for SongTask {
    const IDENTIFIER: &'static str = "embed";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let hands = hands(&context)?;
        let job = QueuedJob {
            table: context.schema().private_table("jobs"),
            id: *context.job().id(),
            worker: context.worker_id().to_owned(),
        };
        let done = tokio::task::spawn_blocking(move || hands.song(&self, &job)).await;
        done.map_err(|error| error.to_string())?
    }
}

impl TaskHandler for FinishTask {
    const IDENTIFIER: &'static str = "finish";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let hands = hands(&context)?;
        let utils = context.utils();
        let state = queue::state(context.database())
            .await
            .map_err(|error| error.to_string())?;
        if state.has_songs() {
            queue::add_finish(&utils, &self.model, NEXT_LOOK)
                .await
                .map_err(|error| error.to_string())?;
            return Ok(());
        }
        let done = tokio::task::spawn_blocking(move || hands.finish(&self.model)).await;
        done.map_err(|error| error.to_string())?
    }
}

fn hands(context: &WorkerContext) -> Result<Hands, String> {
    let hands = context.get_ext::<Hands>().cloned();
    hands.ok_or_else(|| "this worker has nothing to work with".to_owned())
}
