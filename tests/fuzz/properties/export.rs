//! An export of opencode: whatever the file holds, what is taken is counted, stands in order, and is not taken twice.

use std::sync::{Arc, LazyLock, Mutex};

use agentls::{
    store::{Fate, ImportEvent, Lessee, Outcome, Source, Store, inspect},
    transcript::{PartKind, Seq},
};

/// Every import has a database of its own, and they share the threads.
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
});

pub fn holds(bytes: &[u8]) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("export.json");
    std::fs::write(&file, bytes).unwrap();
    let data = place.path().join("data");
    std::fs::create_dir(&data).unwrap();
    RUNTIME.block_on(async {
        let store = Store::open(&data, Lessee::this_process("fuzz")).unwrap();
        let source = || Source::OpencodeExport(file.clone());
        let Some(first) = import(&store, source()).await else { return };
        assert!(matches!(first.fate, Fate::Imported), "{first:?}");
        let messages = store.messages_from(&first.session, Seq(1), 10_000).await.unwrap();
        assert_eq!(messages.len() as u64, first.messages);
        let parts = messages.iter().flat_map(|message| &message.parts);
        for (message, seq) in messages.iter().zip(1..) {
            assert_eq!(message.seq, Seq(seq), "no gaps");
            assert!(message.completed_at.is_some(), "nothing that is imported still runs");
        }
        for part in parts {
            if let PartKind::Tool(tool) = &part.kind {
                assert!(tool.state.is_settled(), "a call without its result");
            }
        }
        let again = import(&store, source()).await.unwrap();
        assert_eq!((again.messages, again.parts), (0, 0), "taken twice: {again:?}");
    });
    let seen = inspect(&data).unwrap().unwrap();
    assert_eq!(seen.problems, Vec::<String>::new());
}

/// What became of the one session; `None` when there is none in the file.
async fn import(store: &Store, source: Source) -> Option<Outcome> {
    let heard = Arc::new(Mutex::new((None, 0)));
    let hearing = Arc::clone(&heard);
    let summary = store.import(source, move |event| {
        let mut heard = hearing.lock().unwrap();
        match event {
            ImportEvent::Session(outcome) => heard.0 = Some(outcome),
            ImportEvent::Skipped { .. } => heard.1 += 1,
            ImportEvent::Progress { done, total } => assert!(done <= total),
        }
    });
    let summary = summary.await.ok()?;
    let (outcome, skipped) = heard.lock().unwrap().clone();
    assert_eq!(summary.skipped, skipped, "each row that is skipped is named");
    outcome
}
