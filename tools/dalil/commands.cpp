#include "command.hpp"

namespace dalil::cli {
namespace {

constexpr Command kCommands[] = {
    {"init", "make a new archive", declare_init},
    {"volume add", "make a volume known: a drive, a card, a folder tree", declare_volume_add},
    {"volume list", "list the volumes", declare_volume_list},
    {"volume show", "show one volume and its latest runs", declare_volume_show},
    {"volume edit", "say where a volume is kept now, or note something", declare_volume_edit},
    {"incident import", "take in a register of incidents (JSON or CSV)", declare_incident_import},
    {"incident add", "add one incident", declare_incident_add},
    {"incident edit", "revise an incident, with a reason", declare_incident_edit},
    {"incident show", "show an incident, its evidence and its history", declare_incident_show},
    {"incident list", "list incidents", declare_incident_list},
    {"incident stats", "add up the incidents' numbers; compare with published totals",
     declare_incident_stats},
    {"source add", "make known who or what items come from, under an alias", declare_source_add},
    {"source edit", "change a source's consent, note or identity; history is kept", declare_source_edit},
    {"source show", "show a source and its items; who it is only when asked", declare_source_show},
    {"source list", "list the sources by their aliases", declare_source_list},
    {"source assign", "say that items came from a source", declare_source_assign},
    {"source unassign", "say that they did not; it stays on record", declare_source_unassign},
    {"scan", "take in a folder: hash, look inside, record, link", declare_scan},
    {"link", "link items to an incident", declare_link},
    {"unlink", "withdraw a link; it stays on record", declare_unlink},
    {"tag", "put tags on items, or take them off", declare_tag},
    {"tag list", "list the tags, and how many items bear them", declare_tag_list},
    {"review", "record what an analyst found of an item or a link", declare_review},
    {"review list", "list what was reviewed, by its state", declare_review_list},
    {"cover", "what evidence there is of each incident, and what is missing", declare_cover},
    {"suggest", "which incidents evidence without one may be of, and why", declare_suggest},
    {"find", "find items by incident, time, path, camera ...", declare_find},
    {"query save", "keep a query under a name: 'dalil find @NAME'", declare_query_save},
    {"query list", "list the saved queries", declare_query_list},
    {"query remove", "the name stands for nothing any more; it stays on record", declare_query_remove},
    {"show", "show all that is known of one item", declare_show},
    {"verify", "prove that a volume still holds what it should", declare_verify},
    {"report key", "write the key that signs reports, to take to another machine", declare_report_key},
    {"report show", "show a signed report; needs neither archive nor key", declare_report_show},
    {"report import", "take a signed report of a drive into the ledger", declare_report_import},
    {"backup", "copy to backup drives, read back and compared", declare_backup},
    {"repair", "make damaged copies anew from whatever is intact of them", declare_repair},
    {"verify-bag", "check a bag (BagIt); needs neither archive nor key", declare_verify_bag},
    {"status", "where the archive stands, and what is at risk", declare_status},
    {"policy set", "say how many copies are wanted, where, and how fresh", declare_policy_set},
    {"policy show", "show what is asked for", declare_policy_show},
    {"check", "check the archive itself against its ledger", declare_check},
    {"rebuild", "make everything derived again from the ledger", declare_rebuild},
    {"key add", "make a key for somebody, in a role", declare_key_add},
    {"key list", "list who may open the archive and sign for it", declare_key_list},
    {"key remove", "take a key's right to sign away", declare_key_remove},
    {"key rotate", "seal everything anew under fresh keys", declare_key_rotate},
    {"snapshot", "write the whole archive to one encrypted file", declare_snapshot},
    {"restore", "bring files back from drives, or the archive from a snapshot", declare_restore},
    {"recovery-key make", "make the key that opens sealed drives and snapshots", declare_recovery_key_make},
    {"recovery-key show", "show where sealed drives and snapshots are encrypted to",
     declare_recovery_key_show},
    {"recovery-key export", "write that key to a file, to be kept away from everything else",
     declare_recovery_key_export},
    {"redact", "destroy the content of an entry, on record", declare_redact},
    {"log", "who did what, and when: the ledger's entries", declare_log},
    {"prove", "write a proof of one entry for somebody outside", declare_prove},
    {"check-proof", "check such a proof; needs neither archive nor key", declare_check_proof},
    {"checkpoint show", "show the newest signed checkpoint, and who vouches for it", declare_checkpoint_show},
    {"checkpoint list", "list the signed checkpoints", declare_checkpoint_list},
    {"checkpoint export", "write a signed checkpoint, to be kept elsewhere", declare_checkpoint_export},
    {"checkpoint verify", "compare the archive with a checkpoint that was kept elsewhere",
     declare_checkpoint_verify},
    {"checkpoint keys", "print the keys that sign and cosign checkpoints", declare_checkpoint_keys},
    {"checkpoint accept", "take an archive that was rolled back for good, on record",
     declare_checkpoint_accept},
    {"cosign", "vouch for the newest checkpoint, compared with the one before", declare_cosign},
    {"timestamp request", "write a request for a time-stamp over the newest checkpoint",
     declare_timestamp_request},
    {"timestamp attach", "check an authority's reply and put it on record", declare_timestamp_attach},
    {"timestamp fetch", "ask an authority over the network, and attach what it says",
     declare_timestamp_fetch},
    {"timestamp list", "list the time-stamps, each checked again", declare_timestamp_list},
    {"timestamp export", "write one out, for others to check with openssl", declare_timestamp_export},
    {"version", "print the version", declare_version},
};

constexpr CommandGroup kGroups[] = {
    {"volume", "drives, cards and trees that hold copies"},
    {"policy", "how many copies are wanted, in how many places, read how often"},
    {"key", "who may open the archive, and as what"},
    {"recovery-key", "what opens sealed drives and snapshots, also without Dalil"},
    {"report", "signed reports of drives that were checked elsewhere"},
    {"incident", "the events that evidence is linked to"},
    {"source", "who or what items came from"},
    {"query", "questions that are asked again and again"},
    {"checkpoint", "signed states of the ledger, which show whether it was rolled back"},
    {"timestamp", "an authority's word for when the ledger was as it is (RFC 3161)"},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}
std::span<const CommandGroup> command_groups() {
  return kGroups;
}

}  // namespace dalil::cli
