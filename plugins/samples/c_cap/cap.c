/* cap -- at most so many rows. A planner in plain C, from camp_plugin.h alone.
 *
 *     use cap
 *     some = cap people with at_most: 500, order: (spend desc)
 *
 * It answers with SQL, so it never sees a row: Camp runs the SQL inside the engine, together with the
 * rest of the campaign. */
#include "camp_plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const camp_host *host;

/* ---- text that grows; after a failed allocation it stays failed, and the caller asks once ---- */
typedef struct text {
    char *data;
    size_t len, room;
    int failed;
} text;

static void add_bytes(text *t, const char *bytes, size_t len) {
    if (t->failed) return;
    if (t->len + len > t->room) {
        size_t room = (t->len + len) * 2;
        char *data = realloc(t->data, room);
        if (data == NULL) {
            t->failed = 1;
            return;
        }
        t->data = data;
        t->room = room;
    }
    memcpy(t->data + t->len, bytes, len);
    t->len += len;
}

static void add(text *t, const char *words) { add_bytes(t, words, strlen(words)); }

/* Inside a JSON text. SQL from here has no control characters beside those of a column's name. */
static void add_json(text *t, const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '"' || c == '\\') {
            char escaped[2] = {'\\', (char)c};
            add_bytes(t, escaped, 2);
        } else if (c < 0x20) {
            char escaped[8];
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
            add(t, escaped);
        } else {
            add_bytes(t, bytes + i, 1);
        }
    }
}

/* ---- the params document, by the host's getters ---- */
static const camp_value *member(const camp_value *map, const char *name) {
    size_t n = map == NULL ? 0 : host->value_len(map);
    for (size_t i = 0; i < n; i++) {
        camp_str key = host->value_key(map, i);
        if (key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0) return host->value_at(map, i);
    }
    return NULL;
}

/* Adds the column of a record, quoted as an identifier. */
static void add_column(text *t, camp_call *call, const camp_value *record) {
    const camp_value *name = member(record, "column");
    camp_buf quoted = {0};
    if (name == NULL || host->quote_ident(call, host->value_text(name), &quoted) != CAMP_OK) {
        t->failed = 1;
        return;
    }
    add_bytes(t, (const char *)quoted.data, quoted.len);
    quoted.release(&quoted);
}

static void add_columns(text *t, camp_call *call, const camp_value *records, const char *behind) {
    size_t n = records == NULL ? 0 : host->value_len(records);
    for (size_t i = 0; i < n; i++) {
        if (t->len > 0) add(t, ", ");
        const camp_value *record = host->value_at(records, i);
        const camp_value *desc = member(record, "desc");
        add_column(t, call, record);
        if (behind != NULL) add(t, desc != NULL && host->value_bool(desc) ? " DESC" : " ASC");
        if (behind != NULL) add(t, behind);
    }
}

/* ---- the plugin ---- */
static void say(camp_call *call, const char *code, const char *message) {
    camp_diag diag = {0};
    diag.struct_size = sizeof diag;
    diag.severity = CAMP_ERROR;
    diag.code = (camp_str){code, strlen(code)};
    diag.message = (camp_str){message, strlen(message)};
    host->diag(call, &diag);
}

static void free_text(camp_buf *self) {
    free(self->private_data);
    memset(self, 0, sizeof *self);
}

/* The plan is made from the call that binds: that is the one with the parameters. It is the instance. */
static camp_status bind(void *self, camp_call *call, camp_str activity, const struct ArrowSchema *inputs,
                        size_t n_inputs, struct ArrowSchema *outputs, size_t n_outputs, void **instance) {
    (void)self, (void)activity, (void)inputs, (void)n_inputs, (void)outputs, (void)n_outputs;
    const camp_value *all = host->param(call, CAMP_S("$inputs"));
    const camp_value *in = all == NULL ? NULL : host->value_at(all, 0);
    const camp_value *at_most = host->param(call, CAMP_S("at_most"));
    text columns = {0}, order = {0}, sql = {0};
    text *plan = calloc(1, sizeof *plan);
    if (in == NULL || at_most == NULL || plan == NULL) {
        free(plan);
        say(call, "internal", "the call has no input or no `at_most`");
        return CAMP_E_INTERNAL;
    }
    add_columns(&columns, call, member(in, "key"), NULL);
    add_columns(&columns, call, member(in, "columns"), NULL);
    add_columns(&order, call, host->param(call, CAMP_S("order")), " NULLS LAST");
    add_columns(&order, call, member(in, "key"), " NULLS LAST");

    char limit[24];
    snprintf(limit, sizeof limit, "%lld", (long long)host->value_int(at_most));
    add(&sql, "SELECT ");
    add_bytes(&sql, columns.data, columns.len);
    add(&sql, " FROM \"in\" ORDER BY ");
    add_bytes(&sql, order.data, order.len);
    add(&sql, " LIMIT ");
    add(&sql, limit);
    add(plan, "{\"camp_plan\": 1, \"with\": [], \"checks\": [], \"outputs\": [{\"name\": \"kept\", \"sql\": \"");
    add_json(plan, sql.data, sql.len);
    add(plan, "\"}]}");

    int failed = columns.failed || order.failed || sql.failed || plan->failed;
    free(columns.data);
    free(order.data);
    free(sql.data);
    if (failed) {
        free(plan->data);
        free(plan);
        say(call, "internal", "the plan could not be made");
        return CAMP_E_INTERNAL;
    }
    *instance = plan;
    return CAMP_OK;
}

static camp_status plan(void *instance, camp_call *call, camp_buf *out) {
    const text *made = instance;
    char *copy = malloc(made->len);
    if (copy == NULL) {
        say(call, "internal", "out of memory");
        return CAMP_E_INTERNAL;
    }
    memcpy(copy, made->data, made->len);
    out->data = (const uint8_t *)copy;
    out->len = made->len;
    out->private_data = copy;
    out->release = free_text;
    return CAMP_OK;
}

static void instance_free(void *instance) {
    text *made = instance;
    free(made->data);
    free(made);
}

static const char manifest[] =
    "{\"camp_manifest\": 1,"
    " \"plugin\": {\"name\": \"cap\", \"version\": \"1.0.0\", \"license\": \"MIT\","
    "  \"description\": \"At most so many rows\", \"sdk\": \"C\"},"
    " \"abi\": {\"major\": 1, \"minor\": 0}, \"requires\": [], \"uses\": [],"
    " \"activities\": [{"
    "  \"name\": \"cap\", \"kind\": \"planner\", \"summary\": \"Keeps at most so many rows\","
    "  \"inputs\": [{\"name\": \"in\", \"doc\": \"the rows\"}],"
    "  \"outputs\": [{\"name\": \"kept\", \"doc\": \"the first of them\"}],"
    "  \"params\": ["
    "   {\"name\": \"at_most\", \"type\": \"int\", \"required\": true, \"constraints\": {\"min\": 0},"
    "    \"doc\": \"How many rows stay\"},"
    "   {\"name\": \"order\", \"type\": {\"list\": {\"sort\": {\"of\": \"in\"}}},"
    "    \"doc\": \"Which rows come first; ties go to the lowest key\"}],"
    "  \"examples\": [{\"title\": \"The two biggest spenders\","
    "   \"script\": \"use cap\\ndimension people = \\\"people.csv\\\" key id columns (id: int, spend: int)\\n"
    "all = build audience from people select spend\\nbest = cap all with at_most: 2, order: spend desc\\n"
    "save audience best as \\\"Best\\\"\\n\","
    "   \"files\": {\"people.csv\": \"id,spend\\n1,5\\n2,9\\n3,7\\n\"},"
    "   \"expect\": {\"best\": \"id\\n2\\n3\\n\"}}]"
    " }]}";

CAMP_EXPORT const camp_plugin *camp_plugin_v1(const camp_host *theirs, camp_call *call) {
    static camp_plugin table = {
        .struct_size = sizeof(camp_plugin),
        .abi_minor = CAMP_ABI_MINOR,
        .manifest = CAMP_STR_INIT(manifest),
        .bind = bind,
        .plan = plan,
        .instance_free = instance_free,
    };
    (void)call;
    /* All of these are in the first minor; a host without them is none that this was written for. */
    if (!CAMP_HAS(theirs, camp_host, quote_ident) || !CAMP_HAS(theirs, camp_host, value_key)) return NULL;
    host = theirs;
    return &table;
}
