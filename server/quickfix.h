#pragma once

// QuickFIX, for C++20: its headers carry exception specifications as `throw(IOException)`, which
// C++17 has taken out of the language. They are no part of a function's linkage, so they are left
// out here. Whatever those headers include of the standard library comes first, untouched.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#define throw(...)
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SocketInitiator.h>
#undef throw
