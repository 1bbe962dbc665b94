#pragma once

#include "auction/auction.h"
#include "base/bytes.h"

namespace ets::market {

// The terms of an auction in a journal record: the profile's name, then every field of the format
// as a name and a text (auction/fields.h), then the numbers. A field that a later version adds is
// not in an older record and keeps the profile's value.
void WriteTerms(const auction::Terms& terms, ByteWriter& bytes);

// The inverse. False when the profile or a field does not exist or a value is none of it; whether
// the bytes sufficed is the reader's to say.
bool ReadTerms(ByteReader& bytes, auction::Terms& terms);

}  // namespace ets::market
