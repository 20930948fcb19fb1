//! The list of all rules that a store must keep, each a test of its own.
//! Knows no particular store: a backend is named where the list is used.

pub mod accept;
pub mod announce;
pub mod answers;
pub mod backlog;
pub mod claims;
pub mod deliveries;
pub mod ends;
pub mod finish;
pub mod functions;
pub mod idempotency;
pub mod keys;
pub mod model;
pub mod prune;
pub mod purge;
pub mod queue;
pub mod read;
pub mod redeliver;
pub mod signing;
pub mod start;

/// Makes a test of every rule against the backend that the function `$backend` makes.
macro_rules! conformance {
    ($backend:path) => {
        crate::conformance::conformance! { $backend:
            accept::what_was_accepted_reads_back_as_it_was_asked_for,
            accept::what_is_started_with_its_acceptance_runs_in_its_first_epoch,
            accept::an_id_is_accepted_once,
            accept::many_can_be_accepted_at_the_same_time,
            start::the_spec_comes_back_whole_with_the_start,
            start::the_oldest_start_first_and_no_more_than_asked_for,
            start::each_tenant_has_what_is_asked_for_and_nobody_else_has_any,
            start::who_is_ahead_starts_sooner_and_waits_no_longer_than_that,
            start::a_requeue_keeps_the_turn,
            start::concurrent_starts_never_take_one_execution_twice,
            start::requeueing_makes_another_attempt_and_fences_the_old_run,
            start::what_a_requeue_counts_depends_on_why,
            start::only_a_run_in_its_epoch_is_requeued,
            start::what_is_to_be_cancelled_is_not_requeued,
            finish::an_end_is_written_once_however_many_try,
            finish::a_stale_guard_changes_nothing,
            finish::a_queued_execution_ends_in_any_epoch,
            finish::cancelling_and_starting_at_once_has_one_winner,
            finish::an_end_and_its_delivery_come_together,
            finish::an_end_that_owes_nothing_has_no_delivery,
            ends::every_outcome_reads_back,
            ends::how_a_program_started_and_what_it_left_behind_read_back,
            ends::output_reads_back_byte_for_byte,
            ends::results_read_back,
            queue::the_first_wish_to_cancel_stays,
            queue::only_a_run_takes_a_wish_to_be_cancelled,
            queue::an_owner_finds_what_it_runs_itself,
            queue::a_wish_reaches_the_rescue_of_an_orphan,
            queue::orphans_are_the_running_ones_of_other_owners,
            queue::what_waits_too_long_is_overdue,
            queue::a_queue_timeout_counts_anew_after_a_requeue,
            queue::the_census_counts_what_has_not_ended,
            model::a_store_takes_the_steps_of_a_life_and_no_others,
            read::a_tenant_sees_nothing_of_another,
            read::pages_come_newest_first_and_have_no_gaps,
            read::pages_can_be_of_one_status_or_language,
            read::pages_can_be_of_one_cause_and_of_labels,
            read::pages_can_be_of_a_time,
            read::pages_come_without_output,
            claims::a_delivery_is_claimed_by_one_until_it_is_given_back,
            claims::all_claims_but_those_that_are_known_can_be_given_back,
            claims::concurrent_claims_share_out_what_is_due,
            claims::first_attempts_come_before_retries_and_older_before_newer,
            claims::saturated_hosts_are_passed_over,
            claims::of_each_host_no_more_is_claimed_than_it_has_room_for,
            claims::what_comes_due_at_a_host_that_a_claim_has_filled_says_when_to_come_again,
            claims::a_long_backlog_of_one_host_stands_in_nobodys_way,
            claims::the_next_due_time_is_that_of_the_next_unclaimed_delivery,
            claims::a_claim_ends_with_its_owner,
            claims::a_claim_brings_all_that_an_attempt_needs,
            backlog::it_is_known_since_when_the_first_in_the_queue_has_waited,
            backlog::it_is_known_since_when_the_longest_due_is_due,
            backlog::what_is_pending_is_counted_until_it_ends,
            deliveries::what_follows_an_attempt_is_kept_with_it,
            deliveries::attempts_read_back_whole,
            deliveries::an_attempt_is_recorded_once,
            deliveries::an_execution_sums_up_its_delivery,
            redeliver::whatever_became_of_it_a_delivery_can_be_made_again,
            redeliver::the_schedule_goes_on_behind_an_attempt_beside_it_and_begins_anew_after_an_end,
            redeliver::wishes_that_one_attempt_fulfils_are_one_attempt_beside_the_schedule,
            redeliver::a_wish_that_comes_while_it_is_tried_is_not_undone,
            redeliver::what_a_tenant_does_not_have_it_cannot_make_again,
            redeliver::all_that_failed_in_a_window_is_made_again_bit_by_bit,
            redeliver::a_recovery_takes_its_window_and_no_more_than_it_may,
            redeliver::lists_have_the_newest_first_each_with_its_last_attempt,
            announce::what_runs_can_be_told_of_and_what_has_ended_cannot,
            announce::the_end_gives_up_what_was_not_taken_before,
            announce::of_all_that_was_told_the_newest_and_the_end_are_read,
            announce::output_is_owed_once_at_a_time,
            prune::what_ended_long_enough_ago_is_gone_with_all_that_belonged_to_it,
            prune::what_was_not_delivered_is_kept_for_a_time_of_its_own,
            prune::the_newest_ends_are_kept_up_to_a_number,
            prune::without_bounds_everything_is_kept,
            prune::what_is_still_owed_is_never_removed,
            prune::what_has_not_ended_is_never_removed,
            prune::a_sweep_goes_batch_by_batch_and_passes_by_what_stays,
            purge::one_execution_is_gone_and_its_neighbours_stay,
            purge::the_execution_of_another_tenant_is_not_found,
            purge::what_has_not_ended_cannot_be_purged,
            purge::what_is_still_owed_cannot_be_purged,
            signing::a_rotated_secret_signs_beside_the_new_one_until_its_time_is_over,
            signing::no_more_than_two_secrets_sign,
            signing::a_secret_may_be_stopped_at_once,
            signing::a_secret_of_the_executions_own_signs_alone,
            signing::a_secret_belongs_to_one_tenant_and_one_name,
            signing::a_signing_secret_outlives_the_server,
            idempotency::a_request_that_is_known_begins_nothing,
            idempotency::keys_are_of_one_tenant_and_one_scope,
            idempotency::a_passing_key_holds_until_the_end_or_until_its_time_is_over,
            idempotency::of_twins_at_the_same_time_one_begins,
            idempotency::a_key_outlives_the_server_and_goes_with_its_execution,
            answers::an_answer_is_made_of_what_is_kept_with_it,
            answers::what_has_an_answer_is_not_begun_again,
            answers::an_execution_that_was_known_gets_an_answer_of_its_own,
            answers::an_answer_is_kept_for_its_time_and_as_long_as_its_execution,
            answers::of_what_is_purged_only_the_name_is_left,
            answers::a_recovery_is_answered_as_it_was_begun,
            functions::every_version_of_a_function_reads_back,
            functions::functions_are_listed_by_name_and_versions_newest_first,
            functions::a_removed_function_is_gone_and_its_numbers_go_on,
            functions::calls_are_signed_with_the_secret_of_their_function,
            keys::keys_read_back,
            keys::keys_are_listed_by_their_tenant,
            keys::a_revoked_key_is_gone_for_good,
            keys::the_last_key_that_rules_all_tenants_can_be_spared,
            keys::the_latest_use_of_a_key_counts,
            keys::a_change_of_keys_changes_the_stamp,
            keys::the_store_proves_that_it_can_write,
        }
    };
    ($backend:path: $($topic:ident::$rule:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                crate::conformance::$topic::$rule(&$backend()).await;
            }
        )*
    };
}
pub(crate) use conformance;
