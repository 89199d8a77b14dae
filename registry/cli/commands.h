// SPDX-License-Identifier: Apache-2.0
// The list of all commands; each function stands in the file of its name and adds one command or a small
// family.
#pragma once

namespace CLI {
class App;
}

namespace assay::cli {

class CommandSet;

void add_push(CommandSet& commands);
void add_pull(CommandSet& commands);
void add_cache(CommandSet& commands);
void add_ls(CommandSet& commands);
void add_show(CommandSet& commands);
void add_export(CommandSet& commands);
void add_import(CommandSet& commands);
void add_sign(CommandSet& commands);    // and verify
void add_key(CommandSet& commands);
void add_search(CommandSet& commands);
void add_train(CommandSet& commands);
void add_tune(CommandSet& commands);
void add_evaluate(CommandSet& commands);
void add_score(CommandSet& commands);
void add_validate(CommandSet& commands);
void add_drift(CommandSet& commands);
void add_reproduce(CommandSet& commands);
void add_promote(CommandSet& commands);
void add_rollback(CommandSet& commands);
void add_lease(CommandSet& commands);
void add_approve(CommandSet& commands);
void add_decision(CommandSet& commands);
void add_problem(CommandSet& commands);
void add_policy(CommandSet& commands);
void add_explain(CommandSet& commands);
void add_history(CommandSet& commands);
void add_lineage(CommandSet& commands);
void add_card(CommandSet& commands);
void add_runs(CommandSet& commands);
void add_plugin(CommandSet& commands);
void add_plugin_check(CommandSet& commands, CLI::App& family);  // this and the next three to the plugin family
void add_plugin_new(CommandSet& commands, CLI::App& family);
void add_plugin_revoke(CommandSet& commands, CLI::App& family);
void add_plugin_sign(CommandSet& commands, CLI::App& family);
void add_serve(CommandSet& commands);
void add_fsck(CommandSet& commands);
void add_delete(CommandSet& commands);
void add_gc(CommandSet& commands);
void add_scrub(CommandSet& commands);
void add_why(CommandSet& commands);
void add_quota(CommandSet& commands);
void add_backup(CommandSet& commands);  // and restore
void add_repair(CommandSet& commands);
void add_stats(CommandSet& commands);
void add_audit(CommandSet& commands);
void add_token(CommandSet& commands);
void add_trust(CommandSet& commands);
void add_webhook(CommandSet& commands);
void add_version(CommandSet& commands);

}  // namespace assay::cli
