//! What each attack must find in each setting: the one place where that is written down.

use std::collections::BTreeMap;

use Expected::{Any as A, Hidden as H, No as N, Refused as R, Yes as Y};

/// The settings, in the order of the table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// A plain process beside the server, which shows that the attacks are real.
    PlainRoot,
    PlainUser,
    /// `Bare` is where there are no namespaces.
    NoneUserBare,
    NoneRootBare,
    NoneUser,
    NoneRoot,
    ConfinedUserBare,
    ConfinedRootBare,
    ConfinedUser,
    ConfinedRoot,
    SandboxUser,
    SandboxRoot,
}

/// What an attack finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Yes,
    No,
    /// There is nothing to attack.
    Hidden,
    /// One of these two, as the containment has it.
    Refused,
    /// As the machine has it; nothing is promised here.
    Any,
}

impl Expected {
    fn allows(self, found: &str) -> bool {
        match self {
            Y => found == "yes",
            N => found == "no",
            H => found == "not visible",
            R => found == "no" || found == "not visible",
            A => true,
        }
    }
}

const COLUMNS: usize = 12;

/// Plain processes of root (`R`) and of a user (`U`), then the levels under them; `b` is without
/// namespaces. Of plain root only what takes root is looked at.
#[rustfmt::skip]
const TABLE: &[(&str, [Expected; COLUMNS])] = &[
    //                                                       plain| none      | confined  | sandbox
    //                                                       R  U  bU bR U  R  bU bR U  R  U  R
    // Files.
    ("read_a_secret",                                       [A, Y, Y, N, Y, N, N, N, N, N, H, H]),
    ("read_a_public_file",                                  [A, Y, Y, Y, Y, Y, N, N, N, N, H, H]),
    ("list_a_directory",                                    [A, Y, Y, Y, Y, Y, N, N, N, N, H, H]),
    ("see_a_files_size_and_times",                          [A, Y, Y, Y, Y, Y, Y, Y, Y, Y, H, H]),
    ("write_a_new_file",                                    [A, Y, Y, Y, Y, Y, N, N, N, N, H, H]),
    ("write_to_an_own_file",                                [A, Y, Y, Y, Y, Y, N, N, N, N, H, H]),
    ("change_the_mode_of_an_own_file",                      [A, Y, Y, Y, Y, Y, Y, Y, Y, Y, H, H]),
    ("change_the_times_of_an_own_file",                     [A, Y, Y, Y, Y, Y, Y, Y, Y, Y, H, H]),
    ("list_var_lib",                                        [A, Y, Y, Y, Y, Y, N, N, N, N, H, H]),
    ("read_the_database",                                   [A, Y, Y, N, Y, H, N, N, N, H, H, H]),
    ("read_the_key_of_secrets",                             [A, Y, Y, N, Y, H, N, N, N, H, H, H]),
    ("write_to_the_data_directory",                         [A, Y, Y, N, Y, N, N, N, N, N, H, H]),
    ("list_other_executions",                               [A, Y, Y, N, Y, N, N, N, N, N, H, H]),
    ("read_the_code_of_another_execution",                  [A, Y, Y, Y, Y, Y, N, N, N, N, H, H]),
    ("write_to_another_execution",                          [A, Y, Y, Y, Y, Y, N, N, N, N, H, H]),
    ("change_the_mode_of_another_execution",                [A, Y, Y, Y, Y, Y, Y, Y, Y, Y, H, H]),
    // Processes.
    ("see_the_server",                                      [A, Y, Y, Y, H, H, Y, Y, H, H, H, H]),
    ("signal_the_server",                                   [A, Y, Y, N, H, H, N, N, H, H, H, H]),
    ("trace_the_server",                                    [Y, Y, Y, N, H, H, N, N, H, H, H, H]),
    ("read_the_environment_of_the_server",                  [Y, Y, Y, N, H, H, N, N, H, H, H, H]),
    ("read_the_memory_of_the_server",                       [Y, Y, Y, N, H, H, N, N, H, H, H, H]),
    ("pass_through_the_root_of_the_server",                 [A, Y, Y, N, H, H, N, N, H, H, H, H]),
    ("see_the_launcher",                                    [A, Y, Y, Y, Y, Y, Y, Y, Y, Y, Y, Y]),
    ("signal_the_launcher",                                 [Y, Y, Y, N, Y, N, N, N, N, N, N, N]),
    ("trace_the_launcher",                                  [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("read_the_environment_of_the_launcher",                [N, N, N, N, N, N, N, N, N, N, N, N]),
    ("read_the_memory_of_the_launcher",                     [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("pass_through_the_root_of_the_launcher",               [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("see_another_execution",                               [A, Y, Y, Y, A, A, A, A, A, A, H, H]),
    ("signal_another_execution",                            [A, Y, Y, Y, A, A, R, R, R, R, H, H]),
    ("trace_another_execution",                             [A, Y, Y, Y, A, A, R, R, R, R, H, H]),
    ("read_the_environment_of_another_execution",           [A, Y, Y, Y, A, A, R, R, R, R, H, H]),
    ("read_the_memory_of_another_execution",                [A, Y, Y, Y, A, A, R, R, R, R, H, H]),
    ("pass_through_the_root_of_another_execution",          [A, Y, Y, Y, A, A, R, R, R, R, H, H]),
    ("see_a_process_of_the_same_user",                      [A, Y, Y, Y, H, H, Y, Y, H, H, H, H]),
    ("signal_a_process_of_the_same_user",                   [A, Y, Y, Y, H, H, N, N, H, H, H, H]),
    ("trace_a_process_of_the_same_user",                    [A, Y, Y, Y, H, H, N, N, H, H, H, H]),
    ("read_the_environment_of_a_process_of_the_same_user",  [A, Y, Y, Y, H, H, N, N, H, H, H, H]),
    ("read_the_memory_of_a_process_of_the_same_user",       [A, Y, Y, Y, H, H, N, N, H, H, H, H]),
    ("pass_through_the_root_of_a_process_of_the_same_user", [A, Y, Y, Y, H, H, N, N, H, H, H, H]),
    // The network.
    ("reach_a_tcp_listener",                                [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("reach_the_servers_own_port",                          [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("reach_tcp_with_the_first_packet",                     [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("listen_on_tcp",                                       [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("send_udp",                                            [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("open_a_netlink_socket",                               [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("open_a_raw_socket",                                   [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("open_a_packet_socket",                                [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("reach_an_abstract_socket",                            [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("reach_a_socket_with_a_path",                          [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("send_a_datagram_to_a_path",                           [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("send_from_half_of_a_pair_to_a_path",                  [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    // Rights and the kernel.
    ("have_capabilities",                                   [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("be_root",                                             [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("become_root_by_a_setuid_binary",                      [A, Y, N, N, N, N, N, N, N, N, N, N]),
    ("make_a_user_namespace",                               [A, A, A, A, A, A, N, N, N, N, N, N]),
    ("mount_a_file_system",                                 [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("change_the_root",                                     [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("name_the_machine",                                    [Y, N, N, N, N, N, N, N, N, N, N, N]),
    ("use_io_uring",                                        [A, A, A, A, A, A, N, N, N, N, N, N]),
    ("use_keyrings",                                        [A, A, A, A, A, A, N, N, N, N, N, N]),
    ("use_userfaultfd",                                     [A, A, A, A, A, A, N, N, N, N, N, N]),
    ("use_bpf",                                             [A, A, A, A, A, A, N, N, N, N, N, N]),
    ("use_performance_counters",                            [A, A, A, A, A, A, N, N, N, N, N, N]),
    ("raise_its_limits",                                    [A, N, N, N, N, N, N, N, N, N, N, N]),
    ("leave_its_cgroup",                                    [Y, A, R, R, R, R, R, R, R, R, H, H]),
    // Using things up.
    ("fork_300_times",                                      [A, Y, N, N, N, N, N, N, N, N, N, N]),
    ("fill_tmp",                                            [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("fill_its_own_directory",                              [A, Y, Y, Y, Y, Y, Y, Y, Y, Y, N, N]),
    ("fill_shared_memory",                                  [A, Y, Y, Y, Y, Y, N, N, N, N, N, N]),
    ("leave_shared_memory_behind",                          [A, Y, Y, Y, Y, Y, Y, Y, Y, Y, N, N]),
];

/// Each check that found something else than the table has, in words.
pub fn differences(column: Column, found: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (check, expected) in TABLE {
        let expected = expected[column as usize];
        match found.get(*check) {
            Some(found) if expected.allows(found) => {}
            Some(found) => wrong.push(format!("{check}: {found}, expected {expected:?}")),
            None => wrong.push(format!("{check} was not tried")),
        }
    }
    let is_unknown = |check: &&String| !TABLE.iter().any(|(name, _)| name == check);
    wrong.extend(
        found.keys().filter(is_unknown).map(|check| format!("{check} is not in the table")),
    );
    wrong
}
