//! Several processes and several clients on one database.

use crate::support::{
    home::{Home, config_for},
    invariants::{self, Acknowledged},
    matrix,
    provider::{Answer, Double, Wire},
};

#[tokio::test]
async fn r_06_processes_that_write_at_once_lose_nothing_and_are_never_told_that_it_is_busy() {
    let double = Double::start_model(Wire::Responses, |_| Answer::new().text("Done.")).await;
    let home = Home::new(&config_for(&double));
    let mut servers = Vec::new();
    for _ in 0..8 {
        servers.push(home.start().await);
    }
    let rounds = matrix::times(5, 50);
    let writing = servers[..4].iter().enumerate().map(|(index, server)| async move {
        let mut acknowledged = Vec::new();
        for round in 0..rounds {
            let session = server.session().await;
            let text = format!("Prompt {round} of process {index}.");
            assert_eq!(server.prompt(&session, &text).await["stopReason"], "endTurn");
            acknowledged.push(Acknowledged { session, text });
        }
        acknowledged
    });
    let reading = servers[4..].iter().map(|server| async move {
        for _ in 0..rounds {
            server.call("session/list", serde_json::json!({})).await;
        }
    });
    let (acknowledged, _) =
        tokio::join!(futures::future::join_all(writing), futures::future::join_all(reading));
    let acknowledged = acknowledged.concat();
    drop(servers);
    invariants::hold(&home, &acknowledged).await;
    matrix::held(
        "R-06",
        "8 processes on one database, 4 of them writing prompts",
        acknowledged.len(),
        "0 BUSY, 0 lost",
    );
}
