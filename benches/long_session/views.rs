//! What a client shows of a history: its newest page, and how full the model's window is.

use serde_json::json;

use crate::{
    harness::{client::Client, figures::megabytes, place::Provider, support::provider::Wire},
    imported::Imported,
    steps,
};

/// How often each is asked for.
const RUNS: usize = 20;

pub(crate) fn measure(history: &mut Imported) {
    let provider = Provider::start(Wire::Responses, Vec::new());
    history.place.configure(&steps::configuration(&provider, &json!({})));
    let session = json!({"sessionId": history.session});
    for (method, figure) in [("session/messages", "first page"), ("session/context", "session/context")] {
        let (mut client, _) = Client::start(&history.place);
        let (first, _) = client.timed(method, &session);
        let samples = (0..RUNS).map(|_| client.timed(method, &session).0).collect();
        history.column.put(&format!("{figure}, database not yet open"), first);
        history.column.extend(figure, samples);
        history.column.put(&format!("{figure}: peak memory"), megabytes(client.memory().peak));
    }
}
