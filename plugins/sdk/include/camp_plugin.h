/* camp_plugin.h -- the native interface of Camp plugins, major version 1.
 * C11 / C++17, no dependencies. 64-bit little-endian targets only.
 *
 * This header is normative for layout, ownership and threads. What is inside the JSON documents
 * (manifest, params, plan) and the Arrow streams is in WIRE.md beside it.
 *
 * Evolution rules (normative)
 *   1. The exported symbol carries the MAJOR version. A new major is a new symbol, never a changed one.
 *   2. Inside a major, structs only grow at the end. Every extensible struct starts with struct_size,
 *      set by whoever OWNS the struct. A reader never touches bytes at or past struct_size.
 *   3. A function pointer that is NULL, or lies past struct_size, is "not provided".
 *   4. Enumerators keep their number for ever; unknown numbers are treated as the generic case.
 *   5. Anything optional or experimental lives behind get_interface(id), id = "name/version".
 *
 * Threads (normative)
 *   camp_host: any thread, while the camp_call lives. bind, plan, execute: maybe at the same time on
 *   different instances; one instance is used by one thread at a time, not always the same one. A
 *   stream: calls never overlap. cancel: any thread, any time. Never write to stdout, install signal
 *   handlers, change the locale, the environment, the umask or the working directory, or exit.
 */
#ifndef CAMP_PLUGIN_H
#define CAMP_PLUGIN_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define CAMP_ABI_MAJOR 1u
#define CAMP_ABI_MINOR 0u

#if defined(_WIN32)
#define CAMP_EXPORT __declspec(dllexport)
#else
#define CAMP_EXPORT __attribute__((visibility("default")))
#endif

/* ---- Arrow C Data and C Stream interface: layouts fixed by the Arrow specification ---- */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  struct ArrowSchema **children, *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};
struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void **buffers;
  struct ArrowArray **children, *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};
#endif

/* ---- small vocabulary ---- */
typedef struct camp_str { const char *ptr; size_t len; } camp_str; /* UTF-8, borrowed, NOT NUL-terminated */

typedef struct camp_buf {                                          /* owned bytes */
  const uint8_t *data;
  size_t len;
  void (*release)(struct camp_buf *self); /* frees with the PRODUCER's allocator, then sets itself to NULL */
  void *private_data;
} camp_buf;

typedef int32_t camp_status;
enum {
  CAMP_OK = 0,
  CAMP_E_USAGE = 1,       /* the script asked for something wrong: a diag names the param/input/column */
  CAMP_E_DATA = 2,        /* a row broke the contract */
  CAMP_E_IO = 3,          /* the outside world failed (diag flag says whether a retry may help) */
  CAMP_E_CANCELLED = 4,
  CAMP_E_TIMEOUT = 5,
  CAMP_E_UNSUPPORTED = 6, /* this host or this ABI minor lacks something the plugin needs */
  CAMP_E_AUTH = 7,        /* secret missing or refused */
  CAMP_E_INTERNAL = 8,    /* plugin bug */
  CAMP_E_PANIC = 9        /* plugin bug, caught at the boundary; the instance is poisoned */
};
enum { CAMP_ERROR = 1, CAMP_WARNING = 2, CAMP_ADVICE = 3 };
enum { CAMP_LOG_ERROR = 1, CAMP_LOG_WARN = 2, CAMP_LOG_INFO = 3, CAMP_LOG_DEBUG = 4, CAMP_LOG_TRACE = 5 };
enum { CAMP_DIAG_RETRYABLE = 1u };
enum { CAMP_NULL = 0, CAMP_BOOL = 1, CAMP_INT = 2, CAMP_FLOAT = 3, CAMP_TEXT = 4, CAMP_LIST = 5, CAMP_MAP = 6 };

typedef struct camp_call camp_call;   /* one call into the plugin; host-owned, opaque */
typedef struct camp_value camp_value; /* one checked parameter value; host-owned, opaque */

typedef struct camp_diag {            /* everything borrowed for the duration of host->diag() */
  uint32_t struct_size;
  uint32_t severity;
  uint32_t flags;
  uint32_t sub_offset, sub_len;       /* byte range inside a text or template param; 0,0 = all of it */
  uint32_t reserved;
  camp_str code;                      /* "order-missing" -> camp::plugin::<plugin>::order-missing */
  camp_str path;                      /* "params.on[1]", "inputs.in", "inputs.in.columns.email", "" */
  camp_str message, help, url;
} camp_diag;

typedef struct camp_run {             /* facts about the run; valid as long as the call */
  uint32_t struct_size;
  uint32_t dry_run;                   /* 1: validate and count, but cause no outside effect */
  uint32_t attempt;                   /* 1, 2, ... */
  uint32_t reserved;
  uint64_t seed;                      /* the only source of randomness a deterministic activity may use */
  int64_t now_us;                     /* logical clock, microseconds since 1970-01-01 UTC */
  int64_t deadline_us;                /* 0 = none */
  camp_str run_id, campaign, node, idempotency_key;
} camp_run;

/* ---- what the host offers. Thread-safe. Valid until the process ends. ---- */
typedef struct camp_host {
  uint32_t struct_size;
  uint32_t abi_minor;
  camp_str version; /* "camp 1.4.0" */
  void (*log)(camp_call *, uint32_t level, camp_str message);
  void (*diag)(camp_call *, const camp_diag *);
  int32_t (*cancelled)(camp_call *); /* non-zero: return CAMP_E_CANCELLED soon */
  void (*progress)(camp_call *, uint64_t done, uint64_t total /* 0 = unknown */);
  const camp_run *(*run)(camp_call *);
  camp_str (*params_json)(camp_call *);                       /* for SDKs with a JSON reader */
  const camp_value *(*param)(camp_call *, camp_str name); /* for plain C; NULL = absent; WIRE.md 2.5 */
  uint32_t (*value_kind)(const camp_value *);
  int32_t (*value_bool)(const camp_value *);
  int64_t (*value_int)(const camp_value *);
  double (*value_float)(const camp_value *);
  camp_str (*value_text)(const camp_value *);
  size_t (*value_len)(const camp_value *);                    /* list or map */
  const camp_value *(*value_at)(const camp_value *, size_t);  /* list element / map value */
  camp_str (*value_key)(const camp_value *, size_t);          /* map key */
  camp_status (*secret)(camp_call *, camp_str param, camp_buf *out); /* only params declared `secret` */
  camp_status (*quote_ident)(camp_call *, camp_str, camp_buf *out);
  camp_status (*quote_literal)(camp_call *, const camp_value *, camp_buf *out);
  const void *(*get_interface)(camp_str id); /* "camp.functions/1", ... NULL = not offered */
} camp_host;

/* ---- what the plugin offers ---- */
typedef struct camp_plugin {
  uint32_t struct_size;
  uint32_t abi_minor; /* the minor of the header it was built with */
  camp_str manifest;  /* JSON, lives as long as the library */
  void *self;

  /* Check parameters, make an instance. No data, no effects, no I/O but reading files of the project that
   * the call names (WIRE.md 4.1); a planner reads none. Called by `camp check`.
   * inputs: borrowed. outputs: set released by the host; a planner leaves them so, an executor whose
   * manifest says "dynamic" fills them, and they move to the host. On any other status than CAMP_OK
   * nothing is kept: *instance stays NULL and no output is filled. */
  camp_status (*bind)(void *self, camp_call *, camp_str activity,
                      const struct ArrowSchema *inputs, size_t n_inputs,
                      struct ArrowSchema *outputs, size_t n_outputs, void **instance);

  /* planner: the plan document. Pure: same bind -> same plan. NULL for a plugin without planners. */
  camp_status (*plan)(void *instance, camp_call *, camp_buf *out);

  /* executor: takes ownership of every input stream even when it fails; fills `output`.
   * Pull model: output->get_next pulls from the inputs. `camp_call` stays valid until output is
   * released. NULL for a plugin without executors. */
  camp_status (*execute)(void *instance, camp_call *, struct ArrowArrayStream *inputs, size_t n_inputs,
                         struct ArrowArrayStream *output);

  void (*cancel)(void *instance);        /* optional; any thread, any time */
  void (*instance_free)(void *instance); /* any thread; after the output stream was released */
  const void *(*get_interface)(void *self, camp_str id); /* optional */
} camp_plugin;

/* The only required export. Called once per process, before any thread uses the plugin.
 * NULL = refused; say why with host->diag(call, ...). Must not do I/O, start threads or print. */
CAMP_EXPORT const camp_plugin *camp_plugin_v1(const camp_host *host, camp_call *call);

#define CAMP_STR_INIT(lit) { (lit), sizeof(lit) - 1 } /* for static initialisers */
#ifdef __cplusplus
#define CAMP_S(lit) (camp_str CAMP_STR_INIT(lit))     /* for expressions */
#else
#define CAMP_S(lit) ((camp_str)CAMP_STR_INIT(lit))    /* for expressions */
#endif
/* is member f of *p inside the struct the other side really has? */
#define CAMP_HAS(p, type, f) ((p)->struct_size >= offsetof(type, f) + sizeof((p)->f) && (p)->f != NULL)
#ifdef __cplusplus
}
#endif
#endif
