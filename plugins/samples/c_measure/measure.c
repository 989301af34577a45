/* measure -- how long texts are. An executor in plain C, from camp_plugin.h alone.
 *
 *     use measure
 *     long = measure people with text: name
 *
 * Rows pass through batch by batch, as Arrow: every column that comes in goes out again, untouched, and
 * one with the number of characters is added. */
#include "camp_plugin.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const camp_host *host;

/* ---- what goes wrong ---- */
static void say(camp_call *call, const char *code, const char *message) {
    camp_diag diag = {0};
    diag.struct_size = sizeof diag;
    diag.severity = CAMP_ERROR;
    diag.code = (camp_str){code, strlen(code)};
    diag.message = (camp_str){message, strlen(message)};
    host->diag(call, &diag);
}

/* ---- a bound call: the name of the column that is measured ---- */
typedef struct instance {
    char *column;
} instance;

static const camp_value *member(const camp_value *map, const char *name) {
    size_t n = map == NULL ? 0 : host->value_len(map);
    for (size_t i = 0; i < n; i++) {
        camp_str key = host->value_key(map, i);
        if (key.len == strlen(name) && memcmp(key.ptr, name, key.len) == 0) return host->value_at(map, i);
    }
    return NULL;
}

static camp_status bind(void *self, camp_call *call, camp_str activity, const struct ArrowSchema *inputs,
                        size_t n_inputs, struct ArrowSchema *outputs, size_t n_outputs, void **out) {
    (void)self, (void)activity, (void)inputs, (void)n_inputs, (void)outputs, (void)n_outputs;
    const camp_value *record = host->param(call, CAMP_S("text"));
    const camp_value *column = record == NULL ? NULL : member(record, "column");
    if (column == NULL || host->value_kind(column) != CAMP_TEXT) {
        say(call, "internal", "the call has no `text`");
        return CAMP_E_INTERNAL;
    }
    camp_str name = host->value_text(column);
    instance *bound = calloc(1, sizeof *bound);
    if (bound != NULL) bound->column = calloc(1, name.len + 1);
    if (bound == NULL || bound->column == NULL) {
        free(bound);
        say(call, "internal", "out of memory");
        return CAMP_E_INTERNAL;
    }
    memcpy(bound->column, name.ptr, name.len);
    *out = bound;
    return CAMP_OK;
}

static void instance_free(void *bound) {
    free(((instance *)bound)->column);
    free(bound);
}

/* ---- one more column: a struct of n children becomes one of n + 1 ----
 * Moving an Arrow struct is a copy of its bytes after which the source counts as released. */
static void free_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child != NULL && child->release != NULL) child->release(child);
        free(child);
    }
    free(schema->children);
    schema->release = NULL;
}

static void free_plain_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static int widen_schema(struct ArrowSchema *in, struct ArrowSchema *out) {
    int64_t n = in->n_children;
    memset(out, 0, sizeof *out);
    out->format = "+s";
    out->name = "";
    out->release = free_schema;
    out->children = calloc((size_t)n + 1, sizeof *out->children);
    if (out->children == NULL) return ENOMEM;
    for (int64_t i = 0; i <= n; i++) {
        out->children[i] = calloc(1, sizeof **out->children);
        if (out->children[i] == NULL) return ENOMEM;
        out->n_children = i + 1;
        if (i < n) {
            *out->children[i] = *in->children[i];
            in->children[i]->release = NULL;
        }
    }
    out->children[n]->format = "l";
    out->children[n]->name = "characters";
    out->children[n]->flags = ARROW_FLAG_NULLABLE;
    out->children[n]->release = free_plain_schema;
    return 0;
}

static void free_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child != NULL && child->release != NULL) child->release(child);
        free(child);
    }
    free(array->children);
    free(array->buffers);
    array->release = NULL;
}

/* Buffer 0 has a bit for each value that is there, buffer 1 the values. */
static void free_numbers(struct ArrowArray *array) {
    free((void *)(uintptr_t)array->buffers[0]);
    free((void *)(uintptr_t)array->buffers[1]);
    free(array->buffers);
    array->release = NULL;
}

static int has_value(const uint8_t *bits, int64_t at) { return bits == NULL || (bits[at / 8] >> (at % 8) & 1); }

/* Characters of UTF-8: every byte but those that go on with the one before. */
static int count(const struct ArrowArray *texts, int64_t rows, struct ArrowArray *out) {
    const uint8_t *bits = texts->buffers[0];
    const int32_t *ends = texts->buffers[1];
    const char *bytes = texts->buffers[2];
    uint8_t *there = calloc((size_t)rows / 8 + 1, 1);
    int64_t *numbers = calloc((size_t)rows + 1, sizeof *numbers);
    const void **buffers = calloc(2, sizeof *buffers);
    if (there == NULL || numbers == NULL || buffers == NULL) {
        free(there);
        free(numbers);
        free(buffers);
        return ENOMEM;
    }
    memset(out, 0, sizeof *out);
    for (int64_t row = 0; row < rows; row++) {
        int64_t at = texts->offset + row;
        if (!has_value(bits, at)) {
            out->null_count++;
            continue;
        }
        there[row / 8] |= (uint8_t)(1 << (row % 8));
        for (int32_t i = ends[at]; i < ends[at + 1]; i++) numbers[row] += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    }
    buffers[0] = there;
    buffers[1] = numbers;
    out->length = rows;
    out->n_buffers = 2;
    out->buffers = buffers;
    out->release = free_numbers;
    return 0;
}

static int widen_array(struct ArrowArray *in, int64_t text, struct ArrowArray *out) {
    int64_t n = in->n_children;
    memset(out, 0, sizeof *out);
    out->length = in->length;
    out->offset = in->offset; /* of all children alike */
    out->n_buffers = 1;       /* the rows themselves are never missing */
    out->release = free_array;
    out->buffers = calloc(1, sizeof *out->buffers);
    out->children = calloc((size_t)n + 1, sizeof *out->children);
    if (out->buffers == NULL || out->children == NULL) return ENOMEM;
    for (int64_t i = 0; i <= n; i++) {
        out->children[i] = calloc(1, sizeof **out->children);
        if (out->children[i] == NULL) return ENOMEM;
        out->n_children = i + 1;
    }
    int failed = count(in->children[text], in->offset + in->length, out->children[n]);
    if (failed) return failed;
    for (int64_t i = 0; i < n; i++) {
        *out->children[i] = *in->children[i];
        in->children[i]->release = NULL;
    }
    return 0;
}

/* ---- the stream that goes back: it pulls from the one that came ---- */
typedef struct passage {
    struct ArrowArrayStream input;
    struct ArrowSchema schema; /* what comes in */
    int64_t text;              /* the place of the column that is measured */
    camp_call *call;
    const char *error;
} passage;

static int stream_schema(struct ArrowArrayStream *self, struct ArrowSchema *out) {
    passage *p = self->private_data;
    struct ArrowSchema again;
    int failed = p->input.get_schema(&p->input, &again);
    if (failed) return failed;
    failed = widen_schema(&again, out);
    again.release(&again);
    if (failed) out->release(out);
    return failed;
}

static int stream_next(struct ArrowArrayStream *self, struct ArrowArray *out) {
    passage *p = self->private_data;
    struct ArrowArray batch;
    memset(out, 0, sizeof *out);
    if (host->cancelled(p->call)) {
        p->error = "stopped";
        return ECANCELED;
    }
    int failed = p->input.get_next(&p->input, &batch);
    if (failed) {
        p->error = "the input ended early";
        return failed;
    }
    if (batch.release == NULL) return 0; /* the end: `out` is released as well */
    failed = widen_array(&batch, p->text, out);
    batch.release(&batch);
    if (failed) {
        p->error = "out of memory";
        out->release(out);
    }
    return failed;
}

static const char *stream_error(struct ArrowArrayStream *self) { return ((passage *)self->private_data)->error; }

static void stream_release(struct ArrowArrayStream *self) {
    passage *p = self->private_data;
    if (p->schema.release != NULL) p->schema.release(&p->schema);
    p->input.release(&p->input);
    free(p);
    self->release = NULL;
}

/* The input is ours from here on, and released whatever happens. */
static camp_status execute(void *bound, camp_call *call, struct ArrowArrayStream *inputs, size_t n_inputs,
                           struct ArrowArrayStream *output) {
    (void)n_inputs;
    passage *p = calloc(1, sizeof *p);
    if (p == NULL) {
        inputs[0].release(&inputs[0]);
        say(call, "internal", "out of memory");
        return CAMP_E_INTERNAL;
    }
    p->input = inputs[0];
    inputs[0].release = NULL;
    p->call = call;
    p->text = -1;
    struct ArrowArrayStream stream = {stream_schema, stream_next, stream_error, stream_release, p};
    if (p->input.get_schema(&p->input, &p->schema) == 0) {
        for (int64_t i = 0; i < p->schema.n_children; i++) {
            const struct ArrowSchema *child = p->schema.children[i];
            int found = strcmp(child->name, ((instance *)bound)->column) == 0;
            if (found && strcmp(child->format, "u") == 0) p->text = i;
        }
    } else {
        p->schema.release = NULL;
    }
    if (p->text < 0) {
        stream.release(&stream);
        say(call, "internal", "the rows have no such text");
        return CAMP_E_INTERNAL;
    }
    *output = stream;
    return CAMP_OK;
}

static const char manifest[] =
    "{\"camp_manifest\": 1,"
    " \"plugin\": {\"name\": \"measure\", \"version\": \"1.0.0\", \"license\": \"MIT\","
    "  \"description\": \"How long texts are\", \"sdk\": \"C\"},"
    " \"abi\": {\"major\": 1, \"minor\": 0}, \"requires\": [], \"uses\": [],"
    " \"activities\": [{"
    "  \"name\": \"measure\", \"kind\": \"executor\", \"summary\": \"Counts the characters of a text\","
    "  \"inputs\": [{\"name\": \"in\", \"doc\": \"the rows\"}],"
    "  \"outputs\": [{\"name\": \"out\", \"doc\": \"the same rows, with `characters`\","
    "   \"columns\": {\"like\": \"in\", \"add\": [{\"name\": \"characters\", \"type\": \"int\", \"nullable\": true}]}}],"
    "  \"params\": ["
    "   {\"name\": \"text\", \"type\": {\"expr\": {\"of\": \"in\", \"accepts\": [\"text\"]}}, \"required\": true,"
    "    \"doc\": \"What is counted\"}],"
    "  \"examples\": [{\"title\": \"How long are the names?\","
    "   \"script\": \"use measure\\ndimension people = \\\"people.csv\\\" key id columns (id: int, name: text)\\n"
    "all = build audience from people select name\\nlong = measure all with text: name\\n"
    "save audience long as \\\"Long\\\"\\n\","
    "   \"files\": {\"people.csv\": \"id,name\\n1,Zo\\u00e9\\n2,\\n3,Al 7\\n\"},"
    "   \"expect\": {\"long\": \"id,characters\\n1,3\\n2,\\n3,4\\n\"}}]"
    " }]}";

CAMP_EXPORT const camp_plugin *camp_plugin_v1(const camp_host *theirs, camp_call *call) {
    static camp_plugin table = {
        .struct_size = sizeof(camp_plugin),
        .abi_minor = CAMP_ABI_MINOR,
        .manifest = CAMP_STR_INIT(manifest),
        .bind = bind,
        .execute = execute,
        .instance_free = instance_free,
    };
    (void)call;
    /* All of these are in the first minor; a host without them is none that this was written for. */
    if (!CAMP_HAS(theirs, camp_host, param) || !CAMP_HAS(theirs, camp_host, value_key)) return NULL;
    host = theirs;
    return &table;
}
