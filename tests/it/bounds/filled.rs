//! Which test fills which bound to its cap and sees what happens there, and which bounds none fills.

use std::{fs, path::Path};

use agentls::bounds::{self, Cap};

/// A row of the table, and the test that fills it.
const FILLED: &[(&str, &str)] = &[
    (
        "paths outside the working directory that the reason of a question names",
        "a_patch_that_goes_far_outside_names_ten_paths_and_counts_the_rest",
    ),
    (
        "a file in which git names a worktree's directory",
        "an_ordinary_repository_a_pipe_and_a_file_without_end_have_none",
    ),
    ("an incoming message", "a_message_above_the_limit_is_drained_and_refused_and_never_buffered"),
    (
        "times the cap that a refused message may announce",
        "p_02_broken_frames_are_refused_and_the_next_one_is_read",
    ),
    ("a header line, or junk in its place", "a_message_behind_lines_of_junk_is_found"),
    (
        "what is kept of a message that is drained",
        "p_02_a_message_above_the_limit_is_refused_by_its_id_and_drained",
    ),
    ("requests in flight", "an_id_in_flight_is_not_taken_twice_and_the_number_of_requests_has_a_cap"),
    (
        "the wait of a request for a place",
        "more_small_requests_than_may_be_in_flight_are_slowed_down_not_refused",
    ),
    (
        "replies and questions that wait for the client",
        "reading_pauses_while_replies_wait_but_not_for_growth",
    ),
    (
        "growth of texts that waits for the client, with all else",
        "a_reader_that_stopped_costs_eight_megabytes_and_gets_the_state",
    ),
    (
        "states that wait for the client, with all else",
        "states_above_the_cap_leave_a_gap_and_the_newest_is_kept",
    ),
    ("growth in one frame", "a_reader_that_stopped_costs_eight_megabytes_and_gets_the_state"),
    ("paces of texts that are remembered", "the_paces_of_texts_that_are_due_are_forgotten"),
    (
        "sessions whose `eventSeq` is remembered",
        "the_numbers_of_too_many_streams_are_forgotten_and_still_rise",
    ),
    ("questions to the client that are open", "a_question_above_the_cap_is_refused_until_one_is_answered"),
    ("the message of a JSON error", "p_02_messages_that_make_no_sense_are_refused_by_their_id"),
    ("the end of the process", "r_11_nothing_outlives_a_client_that_is_killed"),
    ("what is left of it for storing", "r_11_nothing_outlives_a_client_that_is_killed"),
    ("the notice of the client's death", "the_program_ends_with_the_client_that_it_was_told_of"),
    (
        "workspace folders that join a client's",
        "folders_join_and_leave_and_more_than_are_remembered_are_left_out",
    ),
    ("rows of one page", "a_limit_is_refused_at_zero_and_cut_at_the_maximum"),
    ("rows of one page of the ledger", "a_limit_is_refused_at_zero_and_cut_at_the_maximum"),
    ("one `part/read`", "a_limit_is_refused_at_zero_and_cut_at_the_maximum"),
    ("a text in an update", "an_update_shows_the_beginning_of_a_text_that_is_too_long"),
    ("texts of open documents", "documents_that_weigh_too_much_together_are_not_followed"),
    ("pages for a person, in files", "the_oldest_page_goes_when_there_are_too_many"),
    ("threads of the runtime", "r_05_64_sessions_stream_at_once_and_lists_go_on"),
    ("threads for what blocks", "r_05_64_sessions_stream_at_once_and_lists_go_on"),
    ("the last moments in which nothing more is begun", "r_11_nothing_outlives_a_client_that_is_killed"),
    ("agents or commands that a project brings", "more_than_can_be_looked_through_has_no_footprint"),
    ("what trust covers of a file", "of_a_long_file_the_beginning_and_the_size_count"),
    ("linked worktrees of a project", "neither_too_many_worktrees_nor_too_long_lines_are_listed"),
    ("what git says of a worktree", "neither_too_many_worktrees_nor_too_long_lines_are_listed"),
    ("projects in a list", "a_list_leaves_out_the_oldest_of_too_many"),
    ("a project's name", "a_name_is_what_a_person_sees_of_it"),
    ("an emoji of a project", "what_is_no_icon_is_refused"),
    ("an image of a project", "what_is_no_icon_is_refused"),
    ("a prompt", "p_02_wrong_parameters_and_things_that_are_not_there_are_named"),
    ("a file that a prompt names", "p_02_wrong_parameters_and_things_that_are_not_there_are_named"),
    ("a title that a person gives", "p_02_wrong_parameters_and_things_that_are_not_there_are_named"),
    (
        "a body in a page of previews",
        "an_answer_that_does_not_end_is_refused_at_the_cap_and_what_came_is_kept",
    ),
    ("the bodies of a page of whole ones", "a_page_of_whole_bodies_has_a_budget_and_previews_behind_it"),
    ("one range of a part", "a_limit_is_refused_at_zero_and_cut_at_the_maximum"),
    ("calls of a provider for one answer", "attempts_are_six_and_rejections_are_final"),
    ("the waits between them, together", "a_wait_of_an_hour_is_refused_at_once_whatever_is_configured"),
    (
        "streamed text that is not stored",
        "a_crash_while_text_streams_keeps_what_was_stored_and_the_session_goes_on",
    ),
    (
        "the time it is not stored for",
        "a_crash_while_text_streams_keeps_what_was_stored_and_the_session_goes_on",
    ),
    (
        "files that are held while they are changed",
        "changes_of_one_file_in_one_answer_are_all_there_asked_for_or_not",
    ),
    ("calls of one answer that run at once", "calls_above_those_that_run_at_once_wait_for_their_place"),
    ("the same call in a row", "the_third_same_call_in_a_row_is_too_often"),
    ("the end of a tool that was stopped", "a_cancel_ends_even_what_ignores_term_and_keeps_the_output"),
    (
        "calls of the model for one summary",
        "f_06_a_provider_that_always_overflows_is_called_three_times_and_not_again_after_a_restart",
    ),
    ("attempts at one compaction", "a_second_summary_is_asked_for_with_what_was_wrong_and_without_tools"),
    (
        "continued requests in a row that are refused",
        "f_05_a_provider_that_keeps_nothing_is_not_asked_to_continue_for_ever",
    ),
    (
        "compactions in a row that win nothing",
        "f_06_three_useless_summaries_in_a_row_are_the_end_until_a_person_says_otherwise",
    ),
    ("tokens of that evidence", "evidence_stays_within_its_room_and_keeps_the_newest"),
    ("tokens of a summary", "an_empty_a_partial_and_an_endless_answer_are_refused_with_the_reason"),
    ("the output of a command", "endless_output_is_bounded_and_stdin_is_empty"),
    ("the title of a command", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("reading on after a command's end", "a_background_child_does_not_hold_it_and_is_named"),
    ("a stopped command", "a_cancel_ends_even_what_ignores_term_and_keeps_the_output"),
    ("the wait for killed processes at the end", "r_11_nothing_outlives_a_client_that_is_killed"),
    ("a client's choice in the log", "a_choice_that_was_not_offered_is_told_by_its_beginning"),
    ("a file that is edited", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("places that are listed", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("a line that is read", "a_very_long_line_is_cut_on_a_character"),
    ("entries of a list", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("a compiled pattern of `grep`", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("a compiled pattern of `recall`", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("lines of a `recall`", "one_answer_is_bounded_and_a_line_without_end_is_read_in_pieces"),
    ("a `recall`", "one_answer_is_bounded_and_a_line_without_end_is_read_in_pieces"),
    ("what a `recall` of a history searches", "a_search_that_finds_too_much_is_bounded_and_goes_on"),
    ("questions in one call", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("items of a todo list", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("an item of a todo list", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("the title of a session that a model proposes", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("the note for a session that a model proposes", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("a command line that is understood", "calls_above_a_cap_fail_or_are_cut_and_say_so"),
    ("a path", "paths_that_make_no_sense_are_named"),
    ("a name in a path", "paths_that_make_no_sense_are_named"),
    ("links that are followed in a path", "p_02_wrong_parameters_and_things_that_are_not_there_are_named"),
    ("an instruction file", "long_files_are_cut_and_all_together_are"),
    ("all instruction files of a session", "long_files_are_cut_and_all_together_are"),
    ("instruction files", "what_is_looked_at_and_what_joins_is_bounded"),
    ("folders whose instructions joined", "what_is_looked_at_and_what_joins_is_bounded"),
    ("files that a pattern of instructions brings", "what_is_looked_at_and_what_joins_is_bounded"),
    (
        "entries that a pattern of instructions is looked for in",
        "what_is_looked_at_and_what_joins_is_bounded",
    ),
    ("files of agents or commands in a folder", "of_many_files_the_first_by_name_are_taken"),
    ("an agent's file", "a_definition_that_cannot_be_read_counts_for_nothing"),
    ("a command's template", "what_cannot_be_used_is_listed_with_the_reason"),
    ("shell snippets of a command", "what_cannot_be_used_is_listed_with_the_reason"),
    ("files that a call of a command names", "files_are_named_by_the_template_and_by_the_arguments"),
    ("skills' texts in memory while a turn runs", "texts_beyond_what_is_kept_are_read_when_they_are_loaded"),
    ("an event of an answer", "an_endless_event_is_refused_at_the_cap"),
    ("what an answer writes", "an_answer_that_does_not_end_is_refused_at_the_cap_and_what_came_is_kept"),
    ("what is said of an error", "no_secret_leaves_and_words_are_bounded"),
    ("the id of a call", "an_id_of_another_vendor_is_made_to_fit_and_stays_the_same"),
    ("cache marks in one request (Anthropic's limit)", "marks_add_themselves_and_change_nothing_else"),
    (
        "a transaction that takes further writes",
        "r_06_processes_that_write_at_once_lose_nothing_and_are_never_told_that_it_is_busy",
    ),
    ("connections that read", "r_05_64_sessions_stream_at_once_and_lists_go_on"),
    ("a piece of a body", "reading_by_range_gives_back_what_was_appended"),
    ("a line that is looked for", "a_line_without_an_end_comes_in_pieces_that_split_no_character"),
    ("a body of a page that is full", "a_page_of_whole_bodies_has_a_budget_and_previews_behind_it"),
    (
        "a row of another program's database",
        "a_row_that_is_too_large_and_a_session_of_the_newer_engine_are_named",
    ),
    ("evidence of a call", "a_digest_is_bounded_whole_and_the_same_on_every_replay"),
    ("lines that evidence chooses from", "failures_and_sums_survive_a_long_test_run"),
    ("lines of an output that the model sees", "long_output_keeps_both_ends_and_names_the_handle"),
    ("an output that the model sees", "capped_output_is_bounded"),
    ("blocks of an answer", "an_answer_is_stopped_at_each_of_its_bounds"),
    ("tool calls of an answer", "an_answer_is_stopped_at_each_of_its_bounds"),
    ("an id or a tool's name in an answer", "an_answer_is_stopped_at_each_of_its_bounds"),
    ("tokens of one call that are believed", "figures_that_nobody_can_consume_are_not_believed"),
    ("the name of a tool that is sent", "a_name_that_no_tool_can_have_is_made_to_fit"),
    (
        "images of a request",
        "i_04_of_200_images_in_one_history_the_newest_are_sent_and_the_prefix_stays_frozen",
    ),
    ("commands that only wrap the one behind them", "a_command_behind_too_many_that_wrap_it_is_asked_for"),
    ("places that a command may name", "a_line_that_names_more_places_than_are_looked_at_is_asked_for"),
    ("folders in which a command may run", "what_cannot_be_followed_is_said"),
    (
        "entries of folders that are looked at for patterns",
        "a_pattern_over_more_entries_than_are_looked_at_is_asked_for",
    ),
    ("the images of a request, in base64", "the_newest_stay_within_the_budget_and_room_is_made_in_strides"),
    (
        "what is in memory of a stored image while it is looked at",
        "i_06_a_photograph_of_many_megabytes_costs_little_memory",
    ),
    ("the file of an image that is looked at", "a_file_beyond_the_cap_is_not_decoded"),
    (
        "pixels of an image that is decoded",
        "a_header_of_50_000_by_50_000_pixels_is_refused_before_anything_is_decoded",
    ),
    ("memory for decoding an image", "memory_decides_whether_a_photograph_that_can_only_be_decoded_whole_is"),
    ("an image that is sent", "what_is_too_large_is_made_smaller_with_its_shape"),
    ("the side of an image that is sent, in pixels", "what_is_too_large_is_made_smaller_with_its_shape"),
    (
        "diagnostics that are offered to be fixed at one place",
        "of_many_and_long_diagnostics_a_few_are_offered_by_their_beginning",
    ),
    (
        "a diagnostic in the title of an action",
        "of_many_and_long_diagnostics_a_few_are_offered_by_their_beginning",
    ),
    ("lines of a difference in a dialog", "a_dialog_says_what_will_happen_and_how_much_it_leaves_out"),
    (
        "a text of a changed file that is kept for review",
        "a_file_that_is_too_long_is_named_and_a_session_without_changes_has_none",
    ),
    (
        "changed lines that are merged with what somebody else changed",
        "too_many_changed_lines_are_not_merged_with_what_somebody_else_changed",
    ),
    ("sessions that are followed", "however_much_is_opened_between_two_looks_only_the_newest_is_followed"),
    ("how long a silent owner is watched", "a_hung_owner_loses_the_session_and_can_write_nothing_more"),
    ("the life of a lease without a sign", "a_process_elsewhere_is_known_by_its_heartbeat_only"),
    (
        "the life of a lease whose process cannot be looked at, without a sign",
        "a_process_elsewhere_is_known_by_its_heartbeat_only",
    ),
    ("what waits for a disk that takes nothing", "what_waits_for_the_disk_beyond_its_cap_is_given_up"),
    ("backups of a database", "the_newest_backups_are_kept_and_one_of_the_same_version_is_made_again"),
    (
        "changes of the list of sessions that other processes can be told of",
        "the_oldest_changes_of_the_list_are_forgotten",
    ),
    ("the life of a claim on a session", "a_claim_that_nobody_followed_up_is_void_after_its_life"),
    ("flaws of a message that are told one by one", "many_flaws_are_told_as_few_and_a_number"),
    (
        "a body that is told to a second window",
        "a_long_body_is_told_to_a_second_window_by_its_beginning_and_much_text_in_several_looks",
    ),
    (
        "the text of one look at a followed session",
        "a_long_body_is_told_to_a_second_window_by_its_beginning_and_much_text_in_several_looks",
    ),
    (
        "messages of one look at a followed session",
        "one_look_at_a_followed_session_is_bounded_and_the_next_goes_on",
    ),
    ("tokens of a part that are believed", "figures_that_no_session_can_have_are_not_believed"),
    (
        "how far a message's place lies beyond the number of messages",
        "figures_that_no_session_can_have_are_not_believed",
    ),
    ("open calls that a note of recovery names", "a_note_names_calls_by_tool_and_title"),
    ("files that are listed of a turn", "of_very_many_changed_files_a_thousand_are_listed"),
    (
        "wrong rows of a table that a repair tells one by one",
        "of_many_wrong_rows_some_are_told_and_the_others_counted",
    ),
    ("skills of one place", "too_many_skills_too_long_names_and_too_long_texts_are_cut"),
    ("a skill", "too_many_skills_too_long_names_and_too_long_texts_are_cut"),
    ("the name of an agent, a command, a skill", "too_many_skills_too_long_names_and_too_long_texts_are_cut"),
    (
        "the description of an agent, a command, a skill",
        "too_many_skills_too_long_names_and_too_long_texts_are_cut",
    ),
    ("the growth of one text in one look", "a_text_that_grew_a_lot_is_told_in_several_looks"),
    (
        "answers in a row that broke off and are continued",
        "an_answer_that_breaks_off_again_and_again_is_continued_three_times",
    ),
    (
        "mistakes that are told of one layer, errors and warnings each",
        "thousands_of_mistakes_are_counted_and_not_listed",
    ),
    ("layers of the configuration that are remembered", "one_layer_more_than_are_remembered_forgets_all"),
    ("the text of a configuration file that is remembered", "a_large_file_is_not_remembered"),
    (
        "a configuration file, and all that is made of it",
        "whatever_lies_in_place_of_a_file_is_named_and_the_server_starts",
    ),
    ("answers that the offline model keeps", "the_oldest_answer_is_forgotten_and_said_to_be_gone"),
    ("facts that it sums up", "of_many_long_facts_the_newest_are_written_by_their_beginning"),
    ("a fact that it sums up", "of_many_long_facts_the_newest_are_written_by_their_beginning"),
    ("the title of a call in a note of recovery", "a_long_title_is_cut_in_a_note"),
    ("a command that is shown", "a_line_that_is_too_long_is_shown_by_its_beginning_and_asked_for"),
    (
        "the second look at a database that is said to be damaged",
        "a_second_look_that_takes_too_long_decides_nothing",
    ),
    ("a URL that is fetched", "what_is_not_fetched_says_why"),
    ("redirects of a fetch", "redirects_are_followed_five_times_and_told"),
    ("a fetch, whatever is configured", "no_configuration_waits_for_ever"),
    ("what is read of an answer of the web, whatever is configured", "no_configuration_reads_without_end"),
    ("a page that becomes Markdown", "what_does_not_fit_is_said"),
    ("lists and quotes of a page within each other", "what_does_not_fit_is_said"),
    ("an attribute of a page that becomes Markdown", "what_does_not_fit_is_said"),
    ("elements of a page that becomes Markdown", "what_does_not_fit_is_said"),
    ("elements of a page within each other", "what_leaves_is_well_formed_shallow_and_keeps_every_word"),
    (
        "words at which a denied command is looked for in what is not understood",
        "a_denied_command_is_looked_for_at_the_first_words_only",
    ),
    ("one read of the input", "however_much_there_is_a_read_takes_a_chunk"),
    ("frames written at once", "many_frames_are_written_together_but_not_all_at_once"),
    ("pieces that a history is summarised in", "a_history_of_too_many_pieces_is_not_summarised"),
    ("the request in work, behind a boundary", "a_long_request_in_work_is_repeated_by_its_beginning"),
    ("comparisons for a nearest place", "the_nearest_place_is_not_looked_for_where_that_takes_too_long"),
    ("a line that `grep` searches", "a_file_with_a_line_beyond_all_memory_is_not_searched_further"),
    ("levels of a command line", "a_line_that_is_nested_too_deeply_is_asked_for"),
    ("calls of one plan of the offline model", "a_plan_of_too_many_calls_ends_with_what_was_found"),
    ("places that it names", "of_very_many_places_a_few_are_named_and_the_others_counted"),
    ("the wait for a database that is locked", "patience_has_an_end"),
    (
        "rows that are deleted in one transaction",
        "a_long_history_is_forked_and_deleted_in_steps_that_leave_nothing_out",
    ),
    (
        "messages that a fork copies in one transaction",
        "a_long_history_is_forked_and_deleted_in_steps_that_leave_nothing_out",
    ),
    ("attachments of an imported part", "of_very_many_attachments_the_first_have_a_place"),
    ("why an imported answer failed", "a_long_reason_is_kept_by_its_beginning"),
    (
        "the search for the smallest difference",
        "where_the_smallest_difference_takes_too_long_a_larger_one_will_do",
    ),
    (
        "damaged rows that the log remembers having named",
        "of_very_many_damaged_rows_the_first_are_named_once_and_the_others_each_time",
    ),
    ("keys that a repair looks up in one gap", "in_a_gap_that_is_too_wide_the_first_keys_are_looked_up"),
    ("keys that a repair looks up behind a damaged end", "behind_a_damaged_end_some_keys_are_looked_up"),
    ("the EXIF data of an image that are looked at", "of_endless_exif_data_the_beginning_is_looked_at"),
    ("what a title is made from", "a_long_first_prompt_is_named_after_its_beginning_and_a_long_name_is_cut"),
    ("a title that a model gives", "a_long_first_prompt_is_named_after_its_beginning_and_a_long_name_is_cut"),
    (
        "calls whose evidence stands behind a boundary",
        "of_very_many_calls_behind_a_boundary_some_stand_as_evidence_and_some_are_listed_one_by_one",
    ),
    (
        "pieces that a report lists",
        "of_very_many_calls_behind_a_boundary_some_stand_as_evidence_and_some_are_listed_one_by_one",
    ),
    ("the hunks of one answer about changes", "changes_of_megabytes_are_shown_in_part_and_each_file_alone"),
    ("the body of an error", "of_an_error_without_an_end_the_beginning_is_read_and_not_waited_for_longer"),
    (
        "the wait for the body of an error",
        "of_an_error_without_an_end_the_beginning_is_read_and_not_waited_for_longer",
    ),
    ("messages of a history read at once", "a_history_of_many_pages_is_exported_and_sent_whole"),
    ("messages in memory while a session is exported", "a_history_of_many_pages_is_exported_and_sent_whole"),
    ("the message of a dialog", "a_long_question_is_shown_in_a_dialog_by_its_beginning"),
    (
        "what an import holds before it is written",
        "more_than_is_read_or_held_at_once_comes_whole_and_in_order",
    ),
    (
        "rows that an import holds before they are written",
        "more_than_is_read_or_held_at_once_comes_whole_and_in_order",
    ),
    (
        "rows of another program's database read at once",
        "more_than_is_read_or_held_at_once_comes_whole_and_in_order",
    ),
];

/// The rows that no test fills, and why: they bound a piece of work, belong to somebody else, or would take too long.
const NOT_FILLED: &[(&str, &str)] = &[
    (
        "the live window in memory, in windows of the model",
        "a bound of work; what is sent is bounded by the model's window, which has its tests",
    ),
    (
        "entries of a folder that are looked through for a name's own spelling",
        "it takes a file system that folds, and a folder of 100,000 entries",
    ),
    ("connections to one host that are kept", "a bound of the HTTP crate's, set by us"),
    ("the time that they are kept", "a bound of the HTTP crate's, set by us"),
    (
        "the wait for the end of a complete answer",
        "no turn waits for it: it decides whether a connection is used again",
    ),
    ("the page cache of a connection that reads", "SQLite's own, set by us"),
    ("the page cache of the one that writes", "SQLite's own, set by us"),
    (
        "the WAL between two checkpoints that found nobody reading",
        "SQLite's own, set by us; the soak of `benches/survival` measures it",
    ),
    ("the wait for another program's database", "SQLite's own, set by us"),
    ("the answer to a probe", "ten seconds are not waited for in a test"),
    ("the name and the connection of a probe that failed", "it takes a network that answers nothing"),
    (
        "how long a living owner may take to let go",
        "eight seconds of an owner that lives and does not let go",
    ),
    (
        "hands that a session goes through while a prompt waits for it",
        "it takes four windows that each come between",
    ),
    (
        "killing what is left by a killed process",
        "it takes processes that start others faster than they are killed, for two seconds",
    ),
    ("the page cache of the connection that makes a backup", "SQLite's own, set by us"),
    ("the page cache of the connection that follows", "SQLite's own, set by us"),
    ("images that are decoded at once", "one lock around decoding"),
];

#[test]
fn every_bound_has_a_test_that_fills_it() {
    let mut tests = String::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src"), root.join("tests")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                tests += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut wrong = Vec::new();
    for bound in bounds::all().filter(|bound| !matches!(bound.cap, Cap::With(_))) {
        match FILLED.iter().find(|(what, _)| *what == bound.what) {
            None if NOT_FILLED.iter().any(|(what, _)| *what == bound.what) => {}
            None => wrong.push(format!("{}: no test fills it", bound.what)),
            Some((_, test)) if !tests.contains(&format!("fn {test}(")) => {
                wrong.push(format!("{}: there is no test {test}", bound.what));
            }
            Some(_) => {}
        }
    }
    for (what, _) in FILLED.iter().chain(NOT_FILLED) {
        if !bounds::all().any(|bound| bound.what == *what) {
            wrong.push(format!("{what}: not in the table"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
