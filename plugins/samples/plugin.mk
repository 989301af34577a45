SUFFIX := $(if $(filter Darwin,$(shell uname -s)),dylib,so)
OUT ?= libcamp_$(NAME).$(SUFFIX)
CAMP ?= camp

$(OUT): $(NAME).c $(HEADER_DIR)/camp_plugin.h
	$(CC) -std=c11 -Wall -Wextra -Werror -pedantic $(CFLAGS) -fvisibility=hidden -fPIC -shared \
		-I $(HEADER_DIR) $(NAME).c -o $(OUT)

.PHONY: test clean
# The conformance kit, and the examples of the manifest.
test: $(OUT)
	$(CAMP) plugin test ./$(OUT)
clean:
	rm -f $(OUT)
