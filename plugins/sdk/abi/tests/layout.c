/* Prints every size and offset of the header; the test compares them with layout.txt. */
#include "camp_plugin.h"
#include <stdio.h>

#define SIZE(t) printf("%s %zu\n", #t, sizeof(t))
#define STRUCT(t) printf("%s %zu\n", #t, sizeof(struct t))
#define FIELD(t, f) printf("%s.%s %zu\n", #t, #f, offsetof(t, f))
#define MEMBER(t, f) printf("%s.%s %zu\n", #t, #f, offsetof(struct t, f))

int main(void) {
    STRUCT(ArrowSchema);
    MEMBER(ArrowSchema, format);
    MEMBER(ArrowSchema, name);
    MEMBER(ArrowSchema, metadata);
    MEMBER(ArrowSchema, flags);
    MEMBER(ArrowSchema, n_children);
    MEMBER(ArrowSchema, children);
    MEMBER(ArrowSchema, dictionary);
    MEMBER(ArrowSchema, release);
    MEMBER(ArrowSchema, private_data);
    STRUCT(ArrowArray);
    MEMBER(ArrowArray, length);
    MEMBER(ArrowArray, null_count);
    MEMBER(ArrowArray, offset);
    MEMBER(ArrowArray, n_buffers);
    MEMBER(ArrowArray, n_children);
    MEMBER(ArrowArray, buffers);
    MEMBER(ArrowArray, children);
    MEMBER(ArrowArray, dictionary);
    MEMBER(ArrowArray, release);
    MEMBER(ArrowArray, private_data);
    STRUCT(ArrowArrayStream);
    MEMBER(ArrowArrayStream, get_schema);
    MEMBER(ArrowArrayStream, get_next);
    MEMBER(ArrowArrayStream, get_last_error);
    MEMBER(ArrowArrayStream, release);
    MEMBER(ArrowArrayStream, private_data);
    SIZE(camp_str);
    FIELD(camp_str, ptr);
    FIELD(camp_str, len);
    SIZE(camp_buf);
    FIELD(camp_buf, data);
    FIELD(camp_buf, len);
    FIELD(camp_buf, release);
    FIELD(camp_buf, private_data);
    SIZE(camp_diag);
    FIELD(camp_diag, struct_size);
    FIELD(camp_diag, severity);
    FIELD(camp_diag, flags);
    FIELD(camp_diag, sub_offset);
    FIELD(camp_diag, sub_len);
    FIELD(camp_diag, reserved);
    FIELD(camp_diag, code);
    FIELD(camp_diag, path);
    FIELD(camp_diag, message);
    FIELD(camp_diag, help);
    FIELD(camp_diag, url);
    SIZE(camp_run);
    FIELD(camp_run, struct_size);
    FIELD(camp_run, dry_run);
    FIELD(camp_run, attempt);
    FIELD(camp_run, reserved);
    FIELD(camp_run, seed);
    FIELD(camp_run, now_us);
    FIELD(camp_run, deadline_us);
    FIELD(camp_run, run_id);
    FIELD(camp_run, campaign);
    FIELD(camp_run, node);
    FIELD(camp_run, idempotency_key);
    SIZE(camp_host);
    FIELD(camp_host, struct_size);
    FIELD(camp_host, abi_minor);
    FIELD(camp_host, version);
    FIELD(camp_host, log);
    FIELD(camp_host, diag);
    FIELD(camp_host, cancelled);
    FIELD(camp_host, progress);
    FIELD(camp_host, run);
    FIELD(camp_host, params_json);
    FIELD(camp_host, param);
    FIELD(camp_host, value_kind);
    FIELD(camp_host, value_bool);
    FIELD(camp_host, value_int);
    FIELD(camp_host, value_float);
    FIELD(camp_host, value_text);
    FIELD(camp_host, value_len);
    FIELD(camp_host, value_at);
    FIELD(camp_host, value_key);
    FIELD(camp_host, secret);
    FIELD(camp_host, quote_ident);
    FIELD(camp_host, quote_literal);
    FIELD(camp_host, get_interface);
    SIZE(camp_plugin);
    FIELD(camp_plugin, struct_size);
    FIELD(camp_plugin, abi_minor);
    FIELD(camp_plugin, manifest);
    FIELD(camp_plugin, self);
    FIELD(camp_plugin, bind);
    FIELD(camp_plugin, plan);
    FIELD(camp_plugin, execute);
    FIELD(camp_plugin, cancel);
    FIELD(camp_plugin, instance_free);
    FIELD(camp_plugin, get_interface);
    return 0;
}
