// The header as a C++ author meets it.
#include "camp_plugin.h"

static const camp_plugin table = {
    sizeof(camp_plugin), CAMP_ABI_MINOR, CAMP_STR_INIT("{}"), nullptr, nullptr,
    nullptr,             nullptr,        nullptr,             nullptr, nullptr,
};

extern "C" const camp_plugin *camp_plugin_v1(const camp_host *host, camp_call *call) {
    if (CAMP_HAS(host, camp_host, log)) host->log(call, CAMP_LOG_INFO, CAMP_S("hello"));
    return &table;
}
